//! The tables that are moved, with the names and types that both sides have for their columns.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// 64 bits.
    Long,
    /// 32 bits there, 64 here.
    Int,
    /// A number here, true or false there.
    Truth,
    Bytes,
}

/// A column: what SQLite calls it, what PostgreSQL does, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) here: &'static str,
    pub(crate) there: &'static str,
    pub(crate) kind: Kind,
}

/// A table with all of its columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { here: name, there: name, kind }
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

const fn long(name: &'static str) -> Column {
    column(name, Kind::Long)
}

const fn bytes(name: &'static str) -> Column {
    column(name, Kind::Bytes)
}

/// All that lasts. Rounds of processes that have ended are left behind: nobody can ask for them again.
pub(crate) const TABLES: &[Table] = &[
    Table { name: "catalog_revision", columns: &[long("revision")] },
    Table { name: "record", columns: &[text("kind"), text("api"), text("id"), long("version"), text("body")] },
    Table {
        name: "api_key",
        columns: &[
            long("seq"),
            text("id"),
            bytes("digest"),
            bytes("sealed"),
            text("name"),
            text("description"),
            text("customer_id"),
            column("enabled", Kind::Truth),
            long("created"),
            long("updated"),
            text("stage_keys"),
            text("tags"),
        ],
    },
    Table { name: "plan_key", columns: &[text("plan"), long("seq")] },
    Table { name: "usage_day", columns: &[text("plan"), text("key"), column("day", Kind::Int), long("calls")] },
    Table {
        name: "quota_period",
        columns: &[
            text("plan"),
            text("key"),
            column("first", Kind::Int),
            Column { here: "end", there: "until", kind: Kind::Int },
            long("drawn"),
            long("extra"),
        ],
    },
    Table { name: "imported_day", columns: &[text("plan"), text("key"), column("day", Kind::Int), long("calls")] },
    Table {
        name: "imported_extra",
        columns: &[
            text("plan"),
            text("key"),
            column("first", Kind::Int),
            Column { here: "end", there: "until", kind: Kind::Int },
            long("extra"),
        ],
    },
    Table {
        name: "credential",
        columns: &[text("id"), bytes("sealed"), text("role"), text("description"), long("created")],
    },
    Table {
        name: "quota_extension",
        columns: &[
            long("seq"),
            text("plan"),
            text("key"),
            long("at"),
            long("remaining"),
            text("author"),
            text("reason"),
        ],
    },
    Table { name: "stack", columns: &[text("name"), long("revision"), long("modified"), bytes("sealed")] },
];
