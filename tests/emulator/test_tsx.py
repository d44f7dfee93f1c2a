"""Emails from their sources: supported syntax, unchanged parts, errors."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave_emulator.mail.rendering import Rendered, html_source, plain_text, preview_variables, render
from hexclave_emulator.mail.sources import DEFAULT_THEME, DRAFT, TEMPLATES, THEMES
from hexclave_emulator.mail.tsx import Broken, rendered

SCOPE = {"user": {"displayName": "Ada <3"}, "variables": {"count": 2, "empty": ""}}


def shown(source: str, theme: str | None = None) -> Rendered:
    return render(source, theme, user="Ada", project="Shop", variables={}, unsubscribe_link=None)


@pytest.mark.parametrize(
    ("markup", "html"),
    [
        ("<p>{user.displayName}</p>", "<p>Ada &lt;3</p>"),
        ("<p>{'it\\'s ' + variables.count}</p>", "<p>it's 2</p>"),
        ("<p>{`n: ${variables.count}`}</p>", "<p>n: 2</p>"),
        ('<p>{variables.empty ? "yes" : "no"}</p>', "<p>no</p>"),
        ('<p>{variables.none ?? "nothing"}</p>', "<p>nothing</p>"),
        ("<p>{variables.count && <b>{variables.count}</b>}</p>", "<p><b>2</b></p>"),
        ("<p>{variables.empty && <b>never</b>}</p>", "<p></p>"),
        ("<p>{/* a note */}</p>", "<p></p>"),
        ("<Button href={user.displayName}>Go</Button>", '<a href="Ada &lt;3">Go</a>'),
        ('<Heading as="h3" className="big">Hi</Heading>', '<h3 className="big">Hi</h3>'),
        ("<p style={{ margin: 0 }}>Hi</p>", "<p>Hi</p>"),
        ("<Tailwind><Section>Hi</Section></Tailwind>", "<div>Hi</div>"),
        ('<Text dangerouslySetInnerHTML={{ __html: "<i>Hi</i>" }} />', "<p><i>Hi</i></p>"),
        ("<p>{items.map(i => i.name)}</p>", "<p>{items.map(i =&gt; i.name)}</p>"),
        ("<p>don't {user.displayName}</p>", "<p>don't Ada &lt;3</p>"),
    ],
)
def test_markup(markup: str, html: str) -> None:
    """Values are escaped; unsupported expressions are unchanged."""
    assert rendered(markup, SCOPE) == html


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("broken(", "virtual:/template.tsx:1:7: ERROR: Unexpected end of file"),
        ("a\n b}", 'virtual:/template.tsx:2:2: ERROR: Unexpected "}"'),
        ("export const Other = 1", 'No matching export in "virtual:/template.tsx" for import "EmailTemplate"'),
        ("export const EmailTemplate = 1", "returns nothing"),
        ("x" * 100_001, "More than 100000 characters"),
    ],
)
def test_broken_sources(source: str, message: str) -> None:
    """The error gives the place."""
    with pytest.raises(Broken) as caught:
        shown(source)
    assert message in str(caught.value)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=[each["displayName"] for each in TEMPLATES.values()])
@pytest.mark.parametrize("theme", THEMES.values(), ids=[each["displayName"] for each in THEMES.values()])
def test_standard_templates(template: dict[str, str], theme: dict[str, str]) -> None:
    """Each renders in each theme with nothing left over."""
    source = template["tsxSource"]
    found = render(
        source,
        theme["tsxSource"],
        user="Ada",
        project="Shop",
        variables=preview_variables(source),
        unsubscribe_link="https://example.com/stop",
    )
    assert found.subject
    assert found.category == "Transactional"
    assert "{" not in found.html
    assert "Subject" not in found.html
    assert "https://example.com/stop" in found.text


def test_a_draft_greets() -> None:
    """A new draft says hello and counts as marketing."""
    found = shown(DRAFT, THEMES[DEFAULT_THEME]["tsxSource"])
    assert (found.subject, found.category, found.text) == ("Hello Ada!", "Marketing", "Hi Ada!")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_html_survives_its_source(html: str) -> None:
    """HTML input is unchanged in the output, whatever it contains."""
    found = shown(html_source(html))
    assert f"<div>{html}</div>" in found.html


@given(st.text(alphabet="<>(){}[]'\"`ab=&|?:+. /\\$\n", max_size=80))
def test_any_source_renders_or_is_broken(text: str) -> None:
    """There is no other outcome."""
    for source in (text, f"export function EmailTemplate() {{ return ({text}); }}"):
        with suppress(Broken):
            shown(source, f"function EmailTheme() {{ return <p>{text}</p> }}" if len(text) < 40 else None)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Big</h1><p>Small &amp; fine</p>", "BIG\n\nSmall & fine"),
        ('<p>See <a href="https://example.com/?a&amp;b">here</a>.</p>', "See here https://example.com/?a&b."),
        ("one<br>two<br/><br/>three", "one\ntwo\n\nthree"),
        ("<style>p { x }</style><p>a</p><hr><p>b</p>", "a\n\n" + "-" * 40 + "\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    """Headings in capitals, links with their targets, rulers of dashes."""
    assert plain_text(html) == text
