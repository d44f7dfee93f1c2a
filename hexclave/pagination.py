"""Lists that come in pages: one page with its items, and iteration across all of them."""

from hexclave_api.pagination import AsyncPage, AsyncPages, Page, PageReply, Pages, Part

__all__ = ["AsyncPage", "AsyncPages", "Page", "PageReply", "Pages", "Part"]
