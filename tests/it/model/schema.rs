//! The tables of the test: their columns, what each may be used for, and what leads from one to the other.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Text,
    Boolean,
    Integer,
    Time,
    Document,
    /// What a mean is; no column is one.
    Fraction,
}

/// A column, under the name that callers know it by.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each use is declared by itself")]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) hidden: bool,
    pub(crate) filter: bool,
    pub(crate) sort: bool,
    pub(crate) aggregate: bool,
    /// All the values there are, where they are declared.
    pub(crate) choices: &'static [&'static str],
}

/// What leads to rows of another table: those whose `to` is this row's `from`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relation {
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) many: bool,
}

/// A table; `id` and the times are columns of every one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) relations: &'static [Relation],
}

const fn column(name: &'static str, kind: Kind) -> Column {
    let (nullable, hidden, filter, sort, aggregate) = (false, false, false, false, false);
    Column { name, kind, nullable, hidden, filter, sort, aggregate, choices: &[] }
}

const fn id(name: &'static str) -> Column {
    column(name, Kind::Id)
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

impl Column {
    const fn null(self) -> Self {
        Self { nullable: true, ..self }
    }

    const fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    const fn filter(self) -> Self {
        Self { filter: true, ..self }
    }

    const fn sort(self) -> Self {
        Self { sort: true, ..self }
    }

    const fn aggregate(self) -> Self {
        Self { aggregate: true, ..self }
    }

    const fn one_of(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }

    /// A column that no table has, to compare what was computed.
    pub(crate) const fn result(kind: Kind) -> Self {
        column("", kind).null().filter()
    }

    /// As the databases name it.
    pub(crate) fn sql(&self) -> String {
        let mut name = String::new();
        for letter in self.name.chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }
}

const fn one(name: &'static str, table: &'static str, from: &'static str) -> Relation {
    Relation { name, table, from, to: "id", many: false }
}

const fn many(name: &'static str, table: &'static str, to: &'static str) -> Relation {
    Relation { name, table, from: "id", to, many: true }
}

const ID: Column = id("id").filter().sort().aggregate();
const CREATED_AT: Column = column("createdAt", Kind::Time).filter().sort().aggregate();
const UPDATED_AT: Column = column("updatedAt", Kind::Time).filter().sort().aggregate();

/// All tables, those that others refer to first.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "user",
        columns: &[
            ID,
            text("name").filter().sort(),
            text("email").hidden(),
            column("emailVerified", Kind::Boolean).hidden(),
            text("image").null(),
            text("username").null().filter().sort(),
            text("role").hidden().one_of(&["user", "admin"]),
            column("banned", Kind::Boolean).hidden(),
            column("twoFactorEnabled", Kind::Boolean).hidden(),
            column("onboardingComplete", Kind::Boolean).hidden(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[],
    },
    Table {
        name: "organization",
        columns: &[
            ID,
            text("name").filter().sort(),
            text("slug").filter().sort(),
            text("logo").null(),
            text("metadata").null().hidden(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[
            many("members", "member", "organizationId"),
            many("invitations", "invitation", "organizationId"),
            many("projects", "project", "organizationId"),
        ],
    },
    Table {
        name: "member",
        columns: &[
            ID,
            id("organizationId").filter(),
            id("userId").filter(),
            text("role").filter(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[
            one("organization", "organization", "organizationId"),
            one("user", "user", "userId"),
        ],
    },
    Table {
        name: "invitation",
        columns: &[
            ID,
            id("organizationId").filter(),
            text("email").filter(),
            text("role").null().filter(),
            text("status").filter().one_of(&["pending", "accepted", "rejected", "canceled"]),
            column("expiresAt", Kind::Time).filter(),
            id("inviterId").filter(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[
            one("organization", "organization", "organizationId"),
            one("inviter", "user", "inviterId"),
        ],
    },
    Table {
        name: "theme",
        columns: &[
            ID,
            text("name").filter().sort().aggregate(),
            text("primaryColor").filter().aggregate(),
            text("description").null(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[],
    },
    Table {
        name: "project",
        columns: &[
            ID,
            text("name").filter().sort().aggregate(),
            text("description").null().filter(),
            text("clientName").null().filter().sort().aggregate(),
            text("status").filter().sort().aggregate().one_of(&["active", "inactive", "archived"]),
            column("isPublic", Kind::Boolean).filter().aggregate(),
            id("ownerId").filter().aggregate(),
            id("organizationId").null().filter().aggregate(),
            id("themeId").null().filter().aggregate(),
            column("deletedAt", Kind::Time).null().hidden(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[
            one("owner", "user", "ownerId"),
            one("organization", "organization", "organizationId"),
            one("theme", "theme", "themeId"),
            many("tasks", "task", "projectId"),
            many("members", "project_member", "projectId"),
        ],
    },
    Table {
        name: "project_member",
        columns: &[
            ID,
            id("projectId").filter(),
            id("userId").filter(),
            text("role").filter().sort().aggregate().one_of(&["editor", "viewer"]),
            column("joinedAt", Kind::Time).filter().sort(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[one("project", "project", "projectId"), one("user", "user", "userId")],
    },
    Table {
        name: "task",
        columns: &[
            ID,
            id("projectId").filter().aggregate(),
            text("title").filter().sort(),
            text("description").null().filter(),
            column("done", Kind::Boolean).filter().sort().aggregate(),
            column("estimateMinutes", Kind::Integer).null().filter().sort().aggregate(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[one("project", "project", "projectId")],
    },
    Table {
        name: "audit_log",
        columns: &[
            ID,
            id("actorId").null().filter(),
            id("impersonatorId").null().filter(),
            text("action").filter(),
            text("tableName").filter(),
            id("rowId").filter(),
            id("rootId").filter(),
            column("before", Kind::Document).null(),
            column("after", Kind::Document).null(),
            text("requestId").null().filter(),
            CREATED_AT,
            UPDATED_AT,
        ],
        relations: &[],
    },
];

impl Table {
    /// The table that the database calls `name`.
    pub(crate) fn named(name: &str) -> &'static Self {
        TABLES.iter().find(|table| table.name == name).expect("a table of the test")
    }

    /// The columns that exist for callers.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &'static Column> + use<> {
        self.columns.iter().filter(|column| !column.hidden)
    }

    /// A column that exists for callers.
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.shown().find(|column| column.name == name)
    }

    pub(crate) fn relation(&self, name: &str) -> Option<&'static Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }
}

impl Relation {
    pub(crate) fn target(&self) -> &'static Table {
        Table::named(self.table)
    }
}
