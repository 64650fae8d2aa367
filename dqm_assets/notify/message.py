"""What people and programs are told: one message for one alert, for a group of alerts, or for a digest."""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from dqm_assets.notify.outbox import Transition
from dqm_assets.quality.alert import SEVERITIES, Alert, EventName, Severity

#: Version of the document that webhooks get; it changes when a field changes its meaning or goes away.
DOCUMENT_VERSION = "dqm.notification/1"
#: A message shows so many alerts whole; the document of a webhook always has all.
_SHOWN = 20

Kind = Literal["alert", "group", "digest", "test"]
Tone = Literal["info", "warning", "error", "critical", "resolved"]

_PREFIX: dict[EventName, str] = {
    "opened": "",
    "updated": "Worse: ",
    "escalated": "Escalated: ",
    "acknowledged": "Acknowledged: ",
    "muted": "Muted: ",
    "resolved": "Resolved: ",
    "reopened": "Again: ",
}
_SIGN = {"info": "●", "warning": "▲", "error": "✕", "critical": "✕", "resolved": "✓"}
#: Colours of the dashboard, which keep 3:1 on white.
_COLOUR = {
    "info": "#3182CE",
    "warning": "#B7791F",
    "error": "#C53060",
    "critical": "#C53060",
    "resolved": "#2F855A",
}


@dataclass(frozen=True)
class Addresses:
    """Where the dashboard and Dagster's web server are, without a final slash."""

    dashboard: str
    dagster: str

    def alert(self, alert_id: str) -> str:
        """The alert's page."""
        return f"{self.dashboard}/alerts?{urlencode({'status': 'all', 'alert': alert_id})}"

    def run(self, dagster_run_id: str) -> str:
        """The run that made the newest point of the alert; empty when there is none."""
        return f"{self.dagster}/runs/{quote(dagster_run_id, safe='')}" if dagster_run_id else ""


@dataclass(frozen=True)
class Cause:
    """The alert upstream that an alert follows from."""

    alert_id: str
    title: str


@dataclass(frozen=True)
class Item:
    """One notification: what happened, and where to look.

    ``affected`` are the datasets downstream that have active alerts of which this one is the cause.
    """

    notification_id: str
    transition: Transition
    dagster_run_id: str = ""
    cause: Cause | None = None
    affected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """One message in every form."""

    delivery_id: str
    title: str
    tone: Tone
    text: str
    markdown: str
    html: str
    document: dict[str, Any]


@dataclass(frozen=True)
class _Shown:
    """An item as the templates see it."""

    headline: str
    tone: Tone
    sign: str
    colour: str
    alert: Alert
    facts: tuple[tuple[str, str], ...]
    points: tuple[tuple[str, str, str], ...]
    changed: str
    alert_url: str
    run_url: str


def delivery_id_of(notification_ids: Sequence[str]) -> str:
    """Id of the delivery of these notifications, the same at every attempt: 32 hex digits of SHA-256."""
    return hashlib.sha256("\x1f".join(sorted(notification_ids)).encode()).hexdigest()[:32]


def message_of(kind: Kind, items: Sequence[Item], addresses: Addresses, delivery_id: str) -> Message:
    """Write the message of one delivery.

    Args:
        kind: alert for one item; group for several of one cause; digest; or test.
        items: at least one, in the order in which they are told.
        addresses: where links lead.
        delivery_id: what a receiver can tell repetitions by.
    """
    shown = [_shown(item, addresses) for item in items]
    title = _title(kind, items, shown)
    values = {
        "kind": kind,
        "title": title,
        "items": shown[:_SHOWN],
        "more": max(0, len(shown) - _SHOWN),
        "dashboard": f"{addresses.dashboard}/alerts",
        "delivery_id": delivery_id,
    }
    return Message(
        delivery_id,
        title,
        _worst(items),
        *(_TEMPLATES.get_template(f"message.{form}.j2").render(values) for form in ("txt", "md", "html")),
        document={
            "version": DOCUMENT_VERSION,
            "kind": kind,
            "delivery_id": delivery_id,
            "title": title,
            "notifications": [
                _document(item, headline.headline, addresses)
                for item, headline in zip(items, shown, strict=True)
            ],
        },
    )


def _shown(item: Item, addresses: Addresses) -> _Shown:
    alert, event = item.transition.alert, item.transition.event
    tone = _tone(item)
    facts = [
        ("dataset", alert.dataset),
        ("column", alert.column_name),
        ("segment", alert.segment),
        ("metric", f"{alert.metric} (detector {alert.detector})"),
        ("severity", alert.severity),
        ("value", _number(alert.value)),
        ("expected", _expected(alert)),
        ("raised", _when(alert.raised_at) if alert.raised_at else ""),
        ("since", f"data of {_when(alert.opened_ts)}, seen {alert.evaluations} times"),
        ("caused by", item.cause.title if item.cause else ""),
        ("downstream", _affected(item)),
        ("owner", alert.owner),
        ("data", "simulated" if alert.evidence.simulated else ""),
        ("by", event.actor if event.actor != "detector" else ""),
        ("reason", event.reason if event.reason != alert.evidence.explanation else ""),
    ]
    points = [(_when(p.ts), p.batch, _number(p.value)) for p in alert.evidence.last_points]
    return _Shown(
        headline=_one_line(f"{_PREFIX[event.event]}{alert.title}{_behind(item)}"),
        tone=tone,
        sign=_SIGN[tone],
        colour=_COLOUR[tone],
        alert=alert,
        facts=tuple((name, _one_line(value)) for name, value in facts if value),
        points=tuple(points),
        changed=alert.evidence.explanation,
        alert_url=addresses.alert(alert.alert_id),
        run_url=addresses.run(item.dagster_run_id),
    )


def _behind(item: Item) -> str:
    """What an alert follows from, or what follows from it, behind its headline."""
    if item.cause is not None:
        return f", caused by: {item.cause.title}"
    if item.affected and item.transition.event.event != "resolved":
        return f"; {len(item.affected)} downstream affected"
    return ""


def _affected(item: Item) -> str:
    """Datasets that follow from it, as a line; empty when there are none."""
    if not item.affected:
        return ""
    over = item.transition.event.event == "resolved"
    named = ", ".join(item.affected[:_SHOWN])
    more = f" and {len(item.affected) - _SHOWN} more" if len(item.affected) > _SHOWN else ""
    count = f"{len(item.affected)} {'dataset' if len(item.affected) == 1 else 'datasets'}"
    return f"{count} {'still open' if over else 'affected'}: {named}{more}"


def _document(item: Item, headline: str, addresses: Addresses) -> dict[str, Any]:
    alert, event = item.transition.alert, item.transition.event
    numbers = {
        name: _json_number(getattr(alert, name)) for name in ("value", "expected", "lower", "upper", "score")
    }
    return {
        "notification_id": item.notification_id,
        "headline": headline,
        "event": event.event,
        "ts": event.ts.isoformat(),
        "recorded_at": event.recorded_at.isoformat() if event.recorded_at else None,
        "actor": event.actor,
        "reason": event.reason,
        "alert": {
            "alert_id": alert.alert_id,
            "status": alert.status,
            "severity": alert.severity,
            "title": alert.title,
            "dataset": alert.dataset,
            "column": alert.column_name,
            "segment": alert.segment,
            "metric": alert.metric,
            "detector": alert.detector,
            "owner": alert.owner,
            "group": alert.group_key,
            "caused_by": asdict(item.cause) if item.cause else None,
            "affects": list(item.affected),
            "raised_at": alert.raised_at.isoformat() if alert.raised_at else None,
            "opened_ts": alert.opened_ts.isoformat(),
            "last_ts": alert.last_ts.isoformat(),
            "first_batch": alert.first_batch,
            "last_batch": alert.last_batch,
            "evaluations": alert.evaluations,
            **numbers,
            "evidence": alert.evidence.to_document(),
        },
        "links": {
            "alert": addresses.alert(alert.alert_id),
            "dagster_run": addresses.run(item.dagster_run_id),
        },
    }


def _title(kind: Kind, items: Sequence[Item], shown: Sequence[_Shown]) -> str:
    if kind == "test":
        return "dqm test: this channel works"
    if kind == "digest":
        counts = {
            tone: sum(entry.tone == tone for entry in shown) for tone in (*reversed(SEVERITIES), "resolved")
        }
        listed = ", ".join(f"{count} {tone}" for tone, count in counts.items() if count)
        return f"dqm digest: {len(items)} {'change' if len(items) == 1 else 'changes'} ({listed})"
    worst = _worst(items)
    first = next(entry for entry in shown if entry.tone == worst)
    others = f" (and {len(items) - 1} more of the same cause)" if len(items) > 1 else ""
    return (
        f"{_SIGN[worst]} {worst}: {first.headline}{others}"
        if worst != "resolved"
        else f"✓ {first.headline}{others}"
    )


def _tone(item: Item) -> Tone:
    return "resolved" if item.transition.event.event == "resolved" else item.transition.alert.severity


def _worst(items: Sequence[Item]) -> Tone:
    severities: list[Severity] = [
        item.transition.alert.severity for item in items if item.transition.event.event != "resolved"
    ]
    return max(severities, key=SEVERITIES.index) if severities else "resolved"


def _expected(alert: Alert) -> str:
    if math.isnan(alert.expected):
        return ""
    return f"{_number(alert.expected)} ({_number(alert.lower)} to {_number(alert.upper)})"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.5g}"


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _one_line(text: str) -> str:
    """Without line ends and other control characters, which must not reach a mail's headers."""
    return re.sub(r"\s*[\x00-\x1f\x7f\u2028\u2029]+\s*", " ", text).strip()


def _markdown(text: Any) -> str:
    """Text in which nothing is taken for Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", str(text))


_TEMPLATES = Environment(
    loader=PackageLoader("dqm_assets.notify"),
    autoescape=select_autoescape(["html.j2"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["markdown"] = _markdown
