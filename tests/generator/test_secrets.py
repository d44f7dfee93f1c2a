"""Fields marked as secret in the description, and fields that are not secret despite their name."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from generator.description import load

SPEC: Final = Path(__file__).parents[2] / "spec" / "openapi.yaml"

SMELL: Final = re.compile(
    r"token|secret|passw|code|key|nonce|otp|hash|credential|cookie|signature|private|value|ur[li]s?$|url|link|challenge"
    r"|verifier|^env|session$",
    re.IGNORECASE,
)

NO_SECRETS: Final = {
    "a public address, which gives no access": """
        AgentDetails.url AgentDiscovery.token_endpoint AgentIdentity.url BackendUrls.urls ConfigAgentRun.commit_url
        DeploymentService.url Issue.url ServiceOutcome.url GetClickmapBody.url_pattern RegisterAgentBody.app_url
    """,
    "the address of a picture, or the picture": """
        AdminProject.logo_dark_mode_url AdminProject.logo_full_dark_mode_url AdminProject.logo_full_url
        AdminProject.logo_url ClickmapUser.profile_image_url CreateOwnedProjectBody.logo_dark_mode_url
        CreateOwnedProjectBody.logo_full_dark_mode_url CreateOwnedProjectBody.logo_full_url
        CreateOwnedProjectBody.logo_url CreateTeamAsServerBody.profile_image_url CreateTeamBody.profile_image_url
        CreateUserBody.profile_image_url CurrentUser.profile_image_url MetricsUser.profile_image_url
        PurchaseDetails.project_logo_url ServerTeam.profile_image_url ServerTeamMemberProfile.profile_image_url
        ServerUser.profile_image_url Team.profile_image_url TeamMemberProfile.profile_image_url
        UpdateAdminProjectBody.logo_dark_mode_url UpdateAdminProjectBody.logo_full_dark_mode_url
        UpdateAdminProjectBody.logo_full_url UpdateAdminProjectBody.logo_url
        UpdateCurrentUserBody.profile_image_url UpdateTeamAsServerBody.profile_image_url
        UpdateTeamBody.profile_image_url UpdateTeamMemberProfileBody.profile_image_url UpdateUserBody.profile_image_url
    """,
    "an address of the caller's own, before a code is appended": """
        CreateCrossDomainRedirectBody.after_callback_redirect_url CreateCrossDomainRedirectBody.redirect_uri
        CreatePurchaseUrlBody.return_url ExchangeOAuthTokenBody.redirect_uri OAuthTokens.afterCallbackRedirectUrl
        OAuthTokens.after_callback_redirect_url SendContactChannelCodeBody.callback_url SendLinkBody.callback_url
        SendSignInCodeBody.callback_url SendTeamInvitationBody.callback_url
        SignUpWithPasswordBody.verification_callback_url ValidatePurchaseCodeBody.return_url
        start_oauth_flow(after_callback_redirect_url) start_oauth_flow(error_redirect_uri)
        start_oauth_flow(redirect_uri)
    """,
    "an email address": """
        ContactChannel.value CreateContactChannelAsServerBody.value CreateContactChannelBody.value
        UpdateContactChannelAsServerBody.value UpdateContactChannelBody.value
    """,
    "a country or region": """
        CountryCount.country_code CreateUserBody.country_code IpInfo.countryCode IpInfo.regionCode
        RegionCount.country_code RegionCount.region_code ServerUser.country_code SignUpContext.country_code
        TestSignUpRulesBody.country_code UpdateUserBody.country_code get_metrics(filter_country_code)
        list_session_replays(country_codes)
    """,
    "an id, which is not the thing itself": """
        ProjectOAuthProvider.apple_key_id ProjectOAuthProviderSettings.apple_key_id SessionReplay.refresh_token_id
        get_project_key_set(api_key_id) get_team_api_key(api_key_id) get_user_api_key(api_key_id)
        update_project_key_set(api_key_id) update_team_api_key(api_key_id) update_user_api_key(api_key_id)
        end_promo_code(promo_code_id) get_promo_code(promo_code_id) pause_promo_code(promo_code_id)
        resume_promo_code(promo_code_id)
    """,
    "the name of a secret or variable": """
        ProjectSecret.key ServiceEnvVar.key ServiceEnvVar.secret_key SetProjectSecret.key SetProjectSecretBody.key
        delete_project_secret(key)
    """,
    "the name of an environment": """
        Issue.environment ProjectSecret.environment SetProjectSecret.environment SetProjectSecretBody.environment
        delete_project_secret(environment)
    """,
    "a key in the sense of a name, chosen by whoever wrote the workflow or configuration": """
        CancelWorkflowRunsBody.run_key ResetConfigOverrideKeysBody.keys SessionReplayUpload.s3_key
        SkippedWorkflowRun.run_key UpgradeWorkflowRunsBody.run_key WorkflowDivergence.consumed_step_keys
        WorkflowDivergence.found_step_key WorkflowDivergence.suspended_step_key
        WorkflowDivergence.unconsumed_step_keys WorkflowRun.run_key WorkflowStep.step_key WorkflowStepAttempt.step_key
        list_workflow_runs(run_key)
    """,
    "a promo code, meant to be shared": """
        CompleteTestModePurchaseBody.promo_codes CreatePromoCodeBody.code_name CreatePurchaseSessionBody.promo_codes
        PromoCode.code_name PromoCodeQuote.applied_code_names
        SwitchSubscriptionBody.promo_codes ValidatePromoCodesBody.promo_codes
    """,
    "ciphertext or a hash that is useless without a secret that never leaves the caller": """
        EncryptedValue.encrypted_value GetDataVaultValueBody.hashed_key SetDataVaultValueBody.encrypted_value
        SetDataVaultValueBody.hashed_key
    """,
    "public by its nature: a hash of source, a DNS record, a PKCE challenge, a public key": """
        ConfigSource.commit_hash CreateCrossDomainRedirectBody.code_challenge DnsRecord.value
        RegisterPasskeyBody.credential WorkflowVersion.source_hash start_oauth_flow(code_challenge)
    """,
    "says what kind of thing it is": """
        AgentAuthSettings.claim_code_format KnownError.code OAuthTokens.token_type
    """,
    "the message of an error that the application reported": """
        Issue.value
    """,
    "a note about a user": """
        CreateUserBody.restricted_by_admin_private_details ServerUser.restricted_by_admin_private_details
        UpdateUserBody.restricted_by_admin_private_details
    """,
}


def fields(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every field and parameter: place, name, schema."""
    for component, schema in description["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            yield f"{component}.{name}", name, field
    for path in description["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()) if isinstance(operation, dict) else ():
                yield f"{operation['operationId']}({parameter['name']})", parameter["name"], parameter["schema"]


def may_hold_text(schema: dict[str, Any]) -> bool:
    """Return true if a secret would fit in: objects are judged by their fields."""
    if schema.keys() & {"$ref", "enum", "const"} or schema.get("properties"):
        return False
    if options := [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        return any(map(may_hold_text, options))
    kinds = schema.get("type", "anything")
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    return bool(kinds & {"string", "object", "anything"}) or ("array" in kinds and may_hold_text(schema["items"]))


def test_whatever_smells_of_a_secret_is_one_or_is_judged_by_name() -> None:
    judged = {place for places in NO_SECRETS.values() for place in places.split()}
    open_ones = {
        place
        for place, name, schema in fields(load(SPEC))
        if SMELL.search(name) and may_hold_text(schema) and schema.get("format") != "password"
    }
    assert open_ones - judged == set(), "mark these `format: password`, or say here why they are none"
    assert judged - open_ones == set(), "these are gone, or secrets now"


def test_no_field_is_judged_twice() -> None:
    judged = [place for places in NO_SECRETS.values() for place in places.split()]
    assert len(judged) == len(set(judged))
