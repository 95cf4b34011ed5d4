"""The tables, one file a subject. Columns and keys only: rules live in `audit/` and `billing/`, SQL in the query files."""

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
from data_access.models.field import (
    Device,
    InspectorPosition,
    PositionFix,
    PositionRejection,
    WorkShift,
    WorkTrack,
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
    "AnomalyType",
    "ApiToken",
    "AppUser",
    "AuditLog",
    "AuditTicket",
    "Base",
    "BusinessType",
    "ChangeFeed",
    "Customer",
    "DataLoad",
    "DemoTruth",
    "Device",
    "Employee",
    "Evidence",
    "Feeder",
    "InspectorPosition",
    "LayerVersion",
    "Meter",
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
    "TicketEvent",
    "TransformerDistrict",
    "UserSession",
    "WorkShift",
    "WorkTrack",
]
