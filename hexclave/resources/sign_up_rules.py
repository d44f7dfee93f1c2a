"""Rules about who may sign up."""

from hexclave._call import Mode, Resource
from hexclave._lift import performs
from hexclave_api.operations import sign_up_rules


class SignUpRules(Resource[Mode]):
    """What the rules of the project's configuration do."""

    get_stats = performs(sign_up_rules.get_sign_up_rule_stats)
    test = performs(sign_up_rules.try_sign_up_rules)
