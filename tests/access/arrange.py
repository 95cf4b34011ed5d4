"""A utility of two counties in two cities, and people who work there."""

from dataclasses import dataclass

import psycopg

from data_access import users

PROVINCE = "jibei"
SOUTH, NORTH = "jibei.1302.130202", "jibei.1307.130702"
PASSWORD = "a long enough password"  # of every account here


@dataclass(frozen=True)
class People:
    """Logins by what they may see."""

    admin: str = "admin"
    manager: str = "manager"
    south: str = "lead.south"
    north: str = "lead.north"
    inspector: str = "inspector.south"


def organisations(owner: psycopg.Connection) -> None:
    """Province, two cities, two counties, a station in each, an inspector in each."""
    owner.execute(
        "INSERT INTO organisation (code, parent_code, level, name_zh, name_en, county_code, org_path) VALUES"
        " ('jibei', NULL, 0, '冀北', 'Jibei', NULL, 'jibei'),"
        " ('1302', 'jibei', 1, '唐山', 'Tangshan', NULL, 'jibei.1302'),"
        " ('1307', 'jibei', 1, '张家口', 'Zhangjiakou', NULL, 'jibei.1307'),"
        " ('130202', '1302', 2, '路南', 'Lunan', '130202', 'jibei.1302.130202'),"
        " ('130702', '1307', 2, '桥东', 'Qiaodong', '130702', 'jibei.1307.130702'),"
        " ('13020201', '130202', 3, '一所', 'First', '130202', 'jibei.1302.130202.13020201'),"
        " ('13070201', '130702', 3, '一所', 'First', '130702', 'jibei.1307.130702.13070201')"
    )
    owner.execute(
        "INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path, is_demo) VALUES"
        " ('E-SOUTH', 'Demo south', 'inspector', '13020201', '130202', 'jibei.1302.130202.13020201', true),"
        " ('E-NORTH', 'Demo north', 'inspector', '13070201', '130702', 'jibei.1307.130702.13070201', true)"
    )


async def accounts() -> People:
    """One account for each role and unit that the tests ask about."""
    people = People()
    for login, role, path, employee in (
        (people.admin, "admin", PROVINCE, None),
        (people.manager, "manager", PROVINCE, None),
        (people.south, "lead", SOUTH, None),
        (people.north, "lead", NORTH, None),
        (people.inspector, "inspector", SOUTH, "E-SOUTH"),
    ):
        await users.create_user(
            login, PASSWORD, display_name=f"Demo {login}", role=role, org_path=path, employee_number=employee
        )
    return people
