"""The tables, one file a subject. Columns and keys only: rules live in `audit/` and `billing/`, SQL in query files."""

from data_access.models.audit import (
    AnomalyType,
    AuditTicket,
    BusinessType,
    Evidence,
    Problem,
    RuleVersion,
    TicketEvent,
)
from data_access.models.base import Base
from data_access.models.energy import DistrictEnergy, MeterReading, UsageMonth
from data_access.models.field import (
    Device,
    InspectorPosition,
    PositionFix,
    PositionRejection,
    WorkShift,
    WorkTrack,
)
from data_access.models.money import (
    AccountTerms,
    Adjustment,
    Bill,
    BillingFailure,
    BillingRun,
    BillLine,
    TariffVersion,
)
from data_access.models.organisation import Employee, Organisation
from data_access.models.place import (
    Customer,
    Feeder,
    Meter,
    ReadingSection,
    Substation,
    TransformerDistrict,
)
from data_access.models.risk import DemoTruth, RiskChunk, RiskChunkDirty, RiskPoint
from data_access.models.system import (
    ApiToken,
    AppUser,
    AuditLog,
    ChangeFeed,
    DataLoad,
    LayerVersion,
    SignInAttempt,
    UserSession,
)

__all__ = [
    "AccountTerms",
    "Adjustment",
    "AnomalyType",
    "ApiToken",
    "AppUser",
    "AuditLog",
    "AuditTicket",
    "Base",
    "Bill",
    "BillLine",
    "BillingFailure",
    "BillingRun",
    "BusinessType",
    "ChangeFeed",
    "Customer",
    "DataLoad",
    "DemoTruth",
    "Device",
    "DistrictEnergy",
    "Employee",
    "Evidence",
    "Feeder",
    "InspectorPosition",
    "LayerVersion",
    "Meter",
    "MeterReading",
    "Organisation",
    "PositionFix",
    "PositionRejection",
    "Problem",
    "ReadingSection",
    "RiskChunk",
    "RiskChunkDirty",
    "RiskPoint",
    "RuleVersion",
    "SignInAttempt",
    "Substation",
    "TariffVersion",
    "TicketEvent",
    "TransformerDistrict",
    "UsageMonth",
    "UserSession",
    "WorkShift",
    "WorkTrack",
]
