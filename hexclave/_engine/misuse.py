"""Errors for attributes that an app lacks, naming the app that has them."""

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    # Type checkers report these mistakes themselves, so they must not see the methods below.
    class ResourcesOfOtherApps: ...

    class ClosedWithoutAwait: ...

    class ClosedWithAwait: ...

else:

    class ResourcesOfOtherApps:
        def __getattr__(self, name: str) -> NoReturn:
            own = type(self).__name__
            problem = f"{own} has no {name}"
            if not name.startswith("_") and not hasattr(type(self), name):
                import hexclave

                mode = "Async" if own.startswith("Async") else ""
                kinds = ("client", "server", "admin")
                offering = [
                    kind for kind in kinds if hasattr(getattr(hexclave, f"{mode}Hexclave{kind.title()}App"), name)
                ]
                if offering:
                    first = f"{mode}Hexclave{offering[0].title()}App"
                    problem += f": it needs {_article(offering[0])} {' or '.join(offering)} app, such as {first}"
            raise AttributeError(f"{problem}.", name=name, obj=self)

    class ClosedWithoutAwait:
        async def __aenter__(self) -> NoReturn:
            raise TypeError(f"{type(self).__name__} is a blocking app: use `with`, or Async{type(self).__name__}.")

        async def __aexit__(self, *_: object) -> None: ...

    class ClosedWithAwait:
        def __enter__(self) -> NoReturn:
            raise TypeError(f"{type(self).__name__} is an async app: use `async with`.")

        def __exit__(self, *_: object) -> None: ...


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
