"""The default themes and templates for emails.

Ids, names, variables and subjects are the API's; the sources are the emulator's own, in the subset of TSX that
`rendering` supports.
"""

from typing import Final

from hexclave_emulator.messages.exchange import JsonObject

DEFAULT_THEME: Final = "1df07ae6-abf3-4a40-83a5-a1a2cbe336ac"

_THEME: Final = """import { Html, Body, Section } from "@react-email/components";

export function EmailTheme({ children, unsubscribeLink }) {
  return (
    <Html>
      <Body style="background:BACKGROUND;color:COLOR">
        <Section>{children}</Section>
        {unsubscribeLink && <p><a href={unsubscribeLink}>Click here</a> to unsubscribe from these emails</p>}
      </Body>
    </Html>
  );
}
"""


def _theme(name: str, background: str, color: str) -> JsonObject:
    source = _THEME.replace("BACKGROUND", background).replace("COLOR", color)
    return {"displayName": name, "tsxSource": source}


THEMES: Final[JsonObject] = {
    DEFAULT_THEME: _theme("Default Light", "#fff", "#222"),
    "a0172b5d-cff0-463b-83bb-85124697373a": _theme("Default Dark", "#222", "#eee"),
    "c7e2d94f-8a1b-4e6d-b3f5-9d0a2e7c1b8f": _theme("Default Colorful", "#eef", "#226"),
}

_TEMPLATE: Final = """import { type } from "arktype";
import { Button, Heading, Hr } from "@react-email/components";
import { NotificationCategory, Subject } from "@stackframe/emails";

export const variablesSchema = type({ VARIABLES });

export function EmailTemplate({ user, project, variables }) {
  return (
    <>
      <Subject value={SUBJECT} />
      <NotificationCategory value="CATEGORY" />
BODY
    </>
  );
}

EmailTemplate.PreviewVariables = { PREVIEW };
"""


def template_source(subject: str, body: list[str], preview: dict[str, str], category: str = "Transactional") -> str:
    """Return a template; `subject` is an expression, `body` lines of markup, `preview` its variables for a preview."""
    parts = {
        "VARIABLES": ", ".join(f'{name}: "string"' for name in preview),
        "PREVIEW": ", ".join(f'{name}: "{value}"' for name, value in preview.items()),
        "SUBJECT": subject,
        "CATEGORY": category,
        "BODY": "\n".join(f"      {line}" for line in body),
    }
    source = _TEMPLATE
    for name, text in parts.items():
        source = source.replace(name, text, 1)
    return source


def _letter(title: str, words: str, button: str, link: str) -> list[str]:
    return [
        f'<Heading as="h3">{title}</Heading>',
        f'<p>Hi{{user.displayName ? (", " + user.displayName) : ""}}! {words}</p>',
        f"<Button href={{variables.{link}}}>{button}</Button>",
        "<Hr />",
        "<p>If you were not expecting this email, you can safely ignore it.</p>",
    ]


TEMPLATES: Final[JsonObject] = {
    "e7d009ce-8d47-4528-b245-5bf119f2ffa3": {
        "displayName": "Email Verification",
        "tsxSource": template_source(
            "`Verify your email at ${project.displayName}`",
            _letter(
                "Verify your email at {project.displayName}",
                "Please click on the following button to verify your email.",
                "Verify my email",
                "emailVerificationLink",
            ),
            {"emailVerificationLink": "#"},
        ),
    },
    "a70fb3a4-56c1-4e42-af25-49d25603abd0": {
        "displayName": "Password Reset",
        "tsxSource": template_source(
            '"Reset your password at " + project.displayName',
            _letter(
                "Reset your password at {project.displayName}",
                "This button leads to a page for choosing a new password.",
                "Reset my password",
                "passwordResetLink",
            ),
            {"passwordResetLink": "#"},
        ),
    },
    "822687fe-8d0a-4467-a0d1-416b6e639478": {
        "displayName": "Magic Link/OTP",
        "tsxSource": template_source(
            '"Sign in to " + project.displayName + ": Your code is " + variables.otp',
            _letter(
                "Sign in to {project.displayName}",
                "This is your one-time-password: {variables.otp}",
                "Sign in",
                "magicLink",
            ),
            {"magicLink": "#", "otp": "3SLSWZ"},
        ),
    },
    "e84de395-2076-4831-9c19-8e9a96a868e4": {
        "displayName": "Team Invitation",
        "tsxSource": template_source(
            '"You have been invited to join " + variables.teamDisplayName',
            _letter(
                "You are invited to {variables.teamDisplayName}",
                "This button makes you a member of the team.",
                "Join the team",
                "teamInvitationLink",
            ),
            {"teamDisplayName": "My Team", "teamInvitationLink": "#"},
        ),
    },
    "066dd73c-36da-4fd0-b6d6-ebf87683f8bc": {
        "displayName": "Sign In Invitation",
        "tsxSource": template_source(
            '"You have been invited to sign in to " + project.displayName',
            _letter(
                "Sign in to {project.displayName}",
                "This button signs you in.",
                "Sign in",
                "signInInvitationLink",
            ),
            {"signInInvitationLink": "#", "teamDisplayName": "My Team"},
        ),
    },
    "70372aee-0441-4d80-974c-2e858e40123a": {
        "displayName": "Payment Receipt",
        "tsxSource": template_source(
            '"Your receipt from " + project.displayName',
            _letter(
                "Thank you",
                "You bought {variables.quantity} of {variables.productName} for {variables.amount}.",
                "See the receipt",
                "receiptLink",
            ),
            {"productName": "Pro Plan", "quantity": "1", "amount": "$29.00", "receiptLink": "#"},
        ),
    },
    "f64b1afe-27ec-4a28-a277-7178f3261f9a": {
        "displayName": "Payment Failed",
        "tsxSource": template_source(
            '"Payment failed for " + project.displayName',
            _letter(
                "The payment failed",
                "{variables.amount} for {variables.productName} could not be taken: {variables.failureReason}",
                "See the invoice",
                "invoiceUrl",
            ),
            {"productName": "Pro Plan", "amount": "$29.00", "invoiceUrl": "#", "failureReason": "Card declined"},
        ),
    },
}

DRAFT: Final = template_source(
    "`Hello ${user.displayName}!`", ["<p>Hi {user.displayName}!</p>", "<br />"], {}, "Marketing"
)
"""The initial source of a draft."""
