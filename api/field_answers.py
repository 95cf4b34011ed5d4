"""What the doors of the inspector's phone answer and take: shapes only (`api.field` fills them).

Names come in both languages, places in WGS-84 and GCJ-02, energy and money as exact decimals (text in JSON).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from data_access.field_work import Contact


class Place(BaseModel):
    """A point in both systems that map apps of this country read: WGS-84 (EPSG:4326) and GCJ-02. Degrees."""

    lon: float
    lat: float
    gcj_lon: float
    gcj_lat: float


class Words(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


class TicketLine(BaseModel):
    """A ticket in the list. `mine`: in the own hand, otherwise the unit's and free to be taken."""

    number: str
    anomaly: Words
    level: int
    status: int
    due_at: datetime
    version: int
    mine: bool
    return_count: int
    district: str | None
    customer: str | None
    customer_category: str | None
    is_demo: bool
    place: Place | None


class Work(BaseModel):
    """The inspector and the tickets, by deadline. `now` is the server's clock, for a phone whose clock is wrong."""

    now: datetime
    employee: str
    name: str
    unit: Words
    shift_started_at: datetime | None
    tickets: list[TicketLine]


class ActionField(BaseModel):
    """One value of an action; texts of choices are `tickets.<name>_<code>`."""

    name: str
    kind: str
    required: bool
    choices: list[str]
    most: int


class OfferedAction(BaseModel):
    """An action that this person has in this state. `next`: the usual next step."""

    code: str
    allowed: bool
    why: str | None
    next: bool
    fields: list[ActionField]


class FormValue(BaseModel):
    """One value of a finding form; texts are `evidence.field_<name>` and `evidence.<name>_<choice>`.

    `when`: asked for only while the other value is one of these. `least` and `most` bound a number in `unit`.
    """

    name: str
    kind: str
    unit: str
    least: Decimal | None
    most: Decimal | None
    choices: list[str]
    when: dict[str, list[str]]
    required: bool


class OfferedForm(BaseModel):
    """A finding form that fits this anomaly (`evidence.form_<code>`)."""

    code: str
    fields: list[FormValue]


class Event(BaseModel):
    """Something that happened to the ticket; `words` are what the person wrote."""

    sequence: int
    at: datetime
    actor: str
    kind: str
    to_status: int
    words: str | None


class CheckInDone(BaseModel):
    """An own check-in: metres to the object, presence score 0 to 100 with its parts."""

    at: datetime
    accuracy_m: float | None
    distance_m: float | None
    score: int
    parts: dict[str, Any]
    reason: str | None


class EvidenceLine(BaseModel):
    """A photo or file of the ticket."""

    sha256: str
    media_type: str
    purpose: str
    file_name: str
    note: str | None
    uploaded_at: datetime
    is_picture: bool


class ProblemLine(BaseModel):
    """A confirmed problem of before, of the same customer or of the district."""

    number: str
    anomaly: Words
    found_at: datetime
    rectified_at: datetime | None
    same_customer: bool


class AtHand(TicketLine):
    """One ticket with what is needed on site. Names and numbers are masked."""

    now: datetime
    business: Words
    description: str | None
    opened_at: datetime
    finding: str | None
    request: dict[str, Any] | None
    suspended_until: datetime | None
    score: int | None
    exposure_yuan: Decimal | None
    district_code: str | None
    capacity_kva: int | None
    manager: str | None
    manager_phone: str | None
    customer_number: str | None
    customer_phone: str | None
    voltage: str | None
    contract_capacity_kva: Decimal | None
    reading_section: str | None
    unit: Words
    meters: list[dict[str, Any]]
    may_reveal: bool
    actions: list[OfferedAction]
    forms: list[OfferedForm]
    presence_reason_needed: bool
    events: list[Event]
    check_ins: list[CheckInDone]
    evidence: list[EvidenceLine]
    problems: list[ProblemLine]


class MonthEnergy(BaseModel):
    """Energy of a month, kWh."""

    month: str
    kwh: Decimal


class Days(BaseModel):
    """kWh by day of a month; null where no reading came in."""

    month: str
    kwh: list[Decimal | None]


class BillLine(BaseModel):
    """A bill: its number, kWh and yuan."""

    number: str
    month: str
    kwh: Decimal
    yuan: Decimal


class Expected(BaseModel):
    """An estimate: days known carried on to the month's end, at the mean price (yuan/kWh) of the named month's bill."""

    month: str
    days_known: int
    days: int
    used_kwh: Decimal
    kwh: Decimal
    price: Decimal
    price_from: str
    yuan: Decimal


class Energy(BaseModel):
    """Usage and bills of the customer of a ticket; empty lists where none is known. Months are `YYYY-MM-DD`."""

    months: list[MonthEnergy] = []
    this: Days | None = None
    year_ago: Days | None = None
    bills: list[BillLine] = []
    expected: Expected | None = None


class WhomToCall(BaseModel):
    """Whose number is wanted."""

    model_config = ConfigDict(extra="forbid")

    whom: Contact


class Revealed(BaseModel):
    """Name, phone and address as they are in the file; the reveal was logged."""

    name: str
    phone: str | None
    address: str | None


class WantedShift(BaseModel):
    """Switch the own shift on or off."""

    model_config = ConfigDict(extra="forbid")

    on: bool


class OwnFixes(BaseModel):
    """Own positions, WGS-84 as browsers give them, each as in `POST /api/v1/positions`."""

    model_config = ConfigDict(extra="forbid")

    fixes: list[Any] = Field(min_length=1, max_length=500, description="Objects as in `SentFix`.")
    sent_at: float | int | datetime | None = None


class Look(BaseModel):
    """Somebody looked at the own track: who, in which role, when, and which day."""

    at: datetime
    subject: str
    role: str
    action: str
    day: str | None


class Looks(BaseModel):
    """The looks of the last days, newest first."""

    days: int
    looks: list[Look]
