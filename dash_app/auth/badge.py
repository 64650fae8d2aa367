"""Who is signed in, in the header, with the way out."""

from dash import html
from dash.development.base_component import Component

from dash_app.auth.session import current_user


def who() -> Component | None:
    """Name, role and sign-out of the present user; nothing where nobody signs in."""
    user = current_user()
    if user.source == "machine":
        return None
    shown: list[Component] = [
        html.Span(user.name, className="who-name"),
        html.Span(user.role, className="who-role"),
    ]
    # A proxy or a token would let the same person in again at once.
    if user.source in {"local", "oidc"}:
        shown.append(html.Form(html.Button("Sign out", type="submit"), action="/logout", method="POST"))
    return html.Div(shown, className="who", id="who")
