"""Paginated lists: single pages, and iteration over the items of all pages."""

from hexclave_api.pagination import AsyncPage, AsyncPages, Page, PageReply, Pages, Part

__all__ = ["AsyncPage", "AsyncPages", "Page", "PageReply", "Pages", "Part"]
