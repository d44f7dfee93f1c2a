"""Domains of yours from which the project's e-mails come."""

from hexclave._call import Mode, Resource
from hexclave._lift import lists, performs
from hexclave_api.operations import email_domains


class EmailDomains(Resource[Mode]):
    """The project's sending domains: set one up, check its DNS records, apply it."""

    list = lists(email_domains.list_email_domains, lambda reply: reply.items)
    set_up = performs(email_domains.set_up_email_domain)
    check = performs(email_domains.check_email_domain)
    apply = performs(email_domains.apply_email_domain)
    delete = performs(email_domains.delete_email_domain)
