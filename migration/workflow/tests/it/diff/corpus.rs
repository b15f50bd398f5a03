//! Edits of entities, and what becomes of them.

/// An edit.
#[derive(Default)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// In which file, what, and what it becomes.
    pub(crate) edits: &'static [(&'static str, &'static str, &'static str)],
    /// What of it is written otherwise by the generator, for it says less.
    pub(crate) settled: &'static [(&'static str, &'static str, &'static str)],
    /// New files.
    pub(crate) new: &'static [(&'static str, &'static str)],
    /// Files that are deleted.
    pub(crate) gone: &'static [&'static str],
    pub(crate) renames: &'static [&'static str],
    /// Makes the rows fit.
    pub(crate) prepare: &'static [&'static str],
    /// Whether the generator adds what belongs to a reference in other places.
    pub(crate) derived: bool,
    /// Whether going down leaves the schema otherwise than it was, and the migration says so.
    pub(crate) lossy: bool,
    /// Whether going down is refused, and the migration says so.
    pub(crate) refused: bool,
}

impl Case {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            edits: &[],
            settled: &[],
            new: &[],
            gone: &[],
            renames: &[],
            prepare: &[],
            derived: false,
            lossy: false,
            refused: false,
        }
    }
}

pub(crate) const CASES: &[Case] = &[
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            r#"    pub updated_at: DateTimeWithTimeZone,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
"#,
        )],
        ..Case::new("add_text")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            r#"    pub updated_at: DateTimeWithTimeZone,
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub color: Option<String>,
"#,
        )],
        settled: &[(
            "task.rs",
            r#"    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub color: Option<String>,
"#,
            "    pub color: Option<String>,\n",
        )],
        ..Case::new("add_string_of_a_length")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            r#"    pub updated_at: DateTimeWithTimeZone,
    #[sea_orm(default_value = "it's")]
    pub kind: String,
"#,
        )],
        settled: &[(
            "task.rs",
            r#"    #[sea_orm(default_value = "it's")]
    pub kind: String,
"#,
            "    pub kind: String,\n",
        )],
        ..Case::new("add_string_with_default")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    #[sea_orm(default_value = -5)]\n    pub points: i64,\n",
        )],
        settled: &[(
            "task.rs",
            "    #[sea_orm(default_value = -5)]\n    pub points: i64,\n",
            "    pub points: i64,\n",
        )],
        ..Case::new("add_big_integer_with_default")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    pub level: Option<i16>,\n",
        )],
        ..Case::new("add_small_integer")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    #[sea_orm(default_value = true)]\n    pub is_open: bool,\n",
        )],
        settled: &[(
            "project.rs",
            "    #[sea_orm(default_value = true)]\n    pub is_open: bool,\n",
            "    pub is_open: bool,\n",
        )],
        ..Case::new("add_boolean_with_default")
    },
    Case {
        edits: &[
            (
                "project.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                r#"    pub updated_at: DateTimeWithTimeZone,
    #[sea_orm(column_type = "Double", nullable)]
    pub rate: Option<f64>,
"#,
            ),
            ("project.rs", " Eq,", ""),
        ],
        ..Case::new("add_double")
    },
    Case {
        edits: &[
            ("project.rs", " Eq,", ""),
            (
                "project.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                r#"    pub updated_at: DateTimeWithTimeZone,
    #[sea_orm(column_type = "Double", default_value = 1.5)]
    pub rate: f64,
"#,
            ),
        ],
        settled: &[("project.rs", ", default_value = 1.5", "")],
        ..Case::new("add_double_with_default")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    pub ends_on: Option<Date>,\n",
        )],
        ..Case::new("add_date")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    pub archived_at: Option<DateTimeWithTimeZone>,\n",
        )],
        ..Case::new("add_timestamp")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            r#"    pub updated_at: DateTimeWithTimeZone,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub settings: Option<Json>,
"#,
        )],
        ..Case::new("add_json")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    pub external_id: Option<Uuid>,\n",
        )],
        ..Case::new("add_uuid")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    pub r#type: Option<String>,\n",
        )],
        ..Case::new("add_word_of_rust")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    #[sea_orm(unique)]\n    pub slug: Option<String>,\n",
        )],
        ..Case::new("add_unique")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub updated_at: DateTimeWithTimeZone,\n",
            "    pub updated_at: DateTimeWithTimeZone,\n    #[sea_orm(indexed)]\n    pub rank: Option<i64>,\n",
        )],
        settled: &[(
            "task.rs",
            "    #[sea_orm(indexed)]\n    pub rank: Option<i64>,\n",
            "    pub rank: Option<i64>,\n",
        )],
        ..Case::new("add_indexed")
    },
    Case {
        edits: &[
            (
                "task.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                r#"    pub updated_at: DateTimeWithTimeZone,
    #[sea_orm(default_value = "low")]
    pub urgency: Urgency,
"#,
            ),
            (
                "task.rs",
                "impl ActiveModelBehavior for ActiveModel {}\n",
                r#"impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Urgency {
    #[sea_orm(string_value = "low")]
    Low,
    #[sea_orm(string_value = "high")]
    High,
}
"#,
            ),
        ],
        settled: &[
            (
                "task.rs",
                r#"    #[sea_orm(default_value = "low")]
    pub urgency: Urgency,
"#,
                "    pub urgency: String,\n",
            ),
            (
                "task.rs",
                r#"
#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Urgency {
    #[sea_orm(string_value = "low")]
    Low,
    #[sea_orm(string_value = "high")]
    High,
}
"#,
                "",
            ),
        ],
        ..Case::new("add_enum")
    },
    Case {
        edits: &[
            (
                "tag.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub owner_id: Option<Uuid>,\n",
            ),
            (
                "tag.rs",
                "pub enum Relation {}\n",
                r#"pub enum Relation {
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::OwnerId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    User,
}
"#,
            ),
            (
                "tag.rs",
                "impl ActiveModelBehavior for ActiveModel {}\n",
                "impl Related<super::user::Entity> for Entity {\n    fn to() -> RelationDef {\n        Relation::User.def()\n    }\n}\n\nimpl ActiveModelBehavior for ActiveModel {}\n",
            ),
            (
                "user.rs",
                r#"    #[sea_orm(has_many = "super::task::Entity")]"#,
                r#"    #[sea_orm(has_many = "super::tag::Entity")]
    Tag,
    #[sea_orm(has_many = "super::task::Entity")]"#,
            ),
            (
                "user.rs",
                "impl Related<super::task::Entity>",
                "impl Related<super::tag::Entity> for Entity {\n    fn to() -> RelationDef {\n        Relation::Tag.def()\n    }\n}\n\nimpl Related<super::task::Entity>",
            ),
        ],
        ..Case::new("add_reference")
    },
    Case {
        edits: &[
            (
                "tag.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub parent_id: Option<Uuid>,\n",
            ),
            (
                "tag.rs",
                "pub enum Relation {}\n",
                r#"pub enum Relation {
    #[sea_orm(
        belongs_to = "Entity",
        from = "Column::ParentId",
        to = "Column::Id",
        on_update = "NoAction",
        on_delete = "Cascade"
    )]
    SelfRef,
}
"#,
            ),
        ],
        ..Case::new("add_reference_to_itself")
    },
    Case {
        edits: &[
            (
                "task.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub assignee_id: Option<Uuid>,\n",
            ),
            (
                "task.rs",
                "pub enum Relation {\n",
                r#"pub enum Relation {
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::AssigneeId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    Assignee,
"#,
            ),
        ],
        derived: true,
        ..Case::new("add_second_reference")
    },
    Case {
        edits: &[
            (
                "task.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub assignee_id: Option<Uuid>,\n    pub reviewer_id: Option<Uuid>,\n",
            ),
            (
                "task.rs",
                "pub enum Relation {\n",
                r#"pub enum Relation {
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::AssigneeId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    Assignee,
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::ReviewerId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "Cascade"
    )]
    Reviewer,
"#,
            ),
        ],
        derived: true,
        ..Case::new("add_third_reference")
    },
    Case {
        edits: &[
            (
                "task.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub cost: Option<i64>,\n",
            ),
            (
                "project.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub cost: Option<i64>,\n",
            ),
        ],
        ..Case::new("add_to_two_tables")
    },
    Case {
        edits: &[(
            "task.rs",
            r#"    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
"#,
            "",
        )],
        ..Case::new("drop_nullable")
    },
    Case { edits: &[("project.rs", "    pub name: String,\n", "")], ..Case::new("drop_string") },
    Case {
        edits: &[("task.rs", "    pub estimate: Option<i64>,\n", "")],
        ..Case::new("drop_number_between")
    },
    Case {
        edits: &[("tag.rs", "    #[sea_orm(unique)]\n    pub name: String,\n", "")],
        refused: true,
        ..Case::new("drop_unique_column")
    },
    Case {
        edits: &[
            ("task.rs", "    pub author_id: Uuid,\n", ""),
            (
                "task.rs",
                r#"    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::AuthorId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "Cascade"
    )]
    User,
"#,
                "",
            ),
        ],
        derived: true,
        refused: true,
        ..Case::new("drop_reference_column")
    },
    Case {
        edits: &[
            ("project.rs", "    pub template_id: Option<Uuid>,\n", ""),
            (
                "project.rs",
                r#"    #[sea_orm(
        belongs_to = "Entity",
        from = "Column::TemplateId",
        to = "Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    SelfRef,
"#,
                "",
            ),
        ],
        derived: true,
        ..Case::new("drop_indexed_reference")
    },
    Case {
        edits: &[
            ("task.rs", "    pub done: bool,\n", ""),
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub title: String,
"#,
                "",
            ),
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub project_id"#,
                "    pub project_id",
            ),
        ],
        refused: true,
        ..Case::new("drop_column_of_keys")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub done: bool,",
            r#"    #[sea_orm(default_expr = "Keyword::Null")]
    pub done: bool,"#,
        )],
        settled: &[(
            "task.rs",
            r#"    #[sea_orm(default_expr = "Keyword::Null")]
    pub done: bool,"#,
            "    pub done: bool,",
        )],
        ..Case::new("no_default")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub name: String,",
            r#"    #[sea_orm(default_value = "untitled")]
    pub name: String,"#,
        )],
        settled: &[(
            "project.rs",
            r#"    #[sea_orm(default_value = "untitled")]
    pub name: String,"#,
            "    pub name: String,",
        )],
        ..Case::new("new_default")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub priority: i16,",
            "    #[sea_orm(default_value = 3)]\n    pub priority: i16,",
        )],
        settled: &[(
            "project.rs",
            "    #[sea_orm(default_value = 3)]\n    pub priority: i16,",
            "    pub priority: i16,",
        )],
        ..Case::new("other_default")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub estimate: Option<i64>,",
            "    #[sea_orm(default_value = 15)]\n    pub estimate: i64,",
        )],
        settled: &[("task.rs", "    #[sea_orm(default_value = 15)]\n", "")],
        ..Case::new("not_null_with_default")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub due_at: Option<DateTimeWithTimeZone>,",
            "    pub due_at: DateTimeWithTimeZone,",
        )],
        prepare: &["UPDATE task SET due_at = created_at WHERE due_at IS NULL"],
        ..Case::new("not_null")
    },
    Case {
        edits: &[("project.rs", "    pub name: String,", "    pub name: Option<String>,")],
        ..Case::new("nullable")
    },
    Case {
        edits: &[("task.rs", "    pub author_id: Uuid,", "    pub author_id: Option<Uuid>,")],
        ..Case::new("nullable_reference")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub name: String,",
            r#"    #[sea_orm(column_type = "Text")]
    pub name: String,"#,
        )],
        ..Case::new("string_to_text")
    },
    Case {
        edits: &[(
            "task.rs",
            r#"    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,"#,
            r#"    #[sea_orm(column_type = "String(StringLen::N(2000))")]
    pub description: Option<String>,"#,
        )],
        settled: &[(
            "task.rs",
            r#"    #[sea_orm(column_type = "String(StringLen::N(2000))")]
"#,
            "",
        )],
        ..Case::new("text_to_string")
    },
    Case {
        edits: &[(
            "task.rs",
            r#"    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,"#,
            r#"    #[sea_orm(column_type = "String(StringLen::N(2000))", default_value = "it's \\ none")]
    pub description: String,"#,
        )],
        settled: &[(
            "task.rs",
            r#"    #[sea_orm(column_type = "String(StringLen::N(2000))", default_value = "it's \\ none")]
"#,
            "",
        )],
        prepare: &["UPDATE task SET description = NULL"],
        ..Case::new("text_to_string_not_null")
    },
    Case {
        edits: &[(
            "user.rs",
            "    pub name: String,",
            r#"    #[sea_orm(column_type = "String(StringLen::N(500))")]
    pub name: String,"#,
        )],
        settled: &[(
            "user.rs",
            r#"    #[sea_orm(column_type = "String(StringLen::N(500))")]
"#,
            "",
        )],
        ..Case::new("longer_string")
    },
    Case {
        edits: &[(
            "user.rs",
            "    #[sea_orm(unique)]\n    pub email",
            r#"    #[sea_orm(column_type = "String(StringLen::N(500))", unique)]
    pub email"#,
        )],
        settled: &[("user.rs", r#"column_type = "String(StringLen::N(500))", "#, "")],
        ..Case::new("longer_lower_case")
    },
    Case {
        edits: &[("project.rs", "    pub priority: i16,", "    pub priority: i64,")],
        ..Case::new("small_to_big")
    },
    Case {
        edits: &[(
            "task.rs",
            "    pub estimate: Option<i64>,",
            "    pub estimate: Option<String>,",
        )],
        ..Case::new("number_to_string")
    },
    Case {
        edits: &[(
            "user.rs",
            "    pub name: String,",
            "    #[sea_orm(unique)]\n    pub name: String,",
        )],
        prepare: &[r#"UPDATE "user" SET name = substr(email, 1, 100)"#],
        ..Case::new("unique")
    },
    Case {
        edits: &[("tag.rs", "    #[sea_orm(unique)]\n    pub name", "    pub name")],
        ..Case::new("not_unique")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub owner_id: Uuid,\n    pub name: String,",
            r#"    #[sea_orm(unique_key = "uq_project_owner_id_name")]
    pub owner_id: Uuid,
    #[sea_orm(unique_key = "uq_project_owner_id_name")]
    pub name: String,"#,
        )],
        prepare: &[
            "UPDATE project SET name = CAST((SELECT count(*) FROM project AS other WHERE other.id < project.id) AS varchar)",
        ],
        ..Case::new("unique_together")
    },
    Case {
        edits: &[
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub title"#,
                "    pub title",
            ),
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub project_id"#,
                "    pub project_id",
            ),
        ],
        ..Case::new("not_unique_together")
    },
    Case {
        edits: &[
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub project_id"#,
                "    pub project_id",
            ),
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub title"#,
                r#"    #[sea_orm(unique_key = "uq_task_title_author_id")]
    pub title"#,
            ),
            (
                "task.rs",
                "    pub author_id",
                r#"    #[sea_orm(unique_key = "uq_task_title_author_id")]
    pub author_id"#,
            ),
        ],
        prepare: &[
            "UPDATE task SET title = CAST((SELECT count(*) FROM task AS other WHERE other.id < task.id) AS varchar)",
        ],
        ..Case::new("unique_of_others")
    },
    Case {
        edits: &[
            ("project.rs", "    pub status: String,", "    pub status: Status,"),
            (
                "project.rs",
                "impl ActiveModelBehavior for ActiveModel {}\n",
                r#"impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    #[sea_orm(string_value = "active")]
    Active,
    #[sea_orm(string_value = "archived")]
    Archived,
    #[sea_orm(string_value = "deleted")]
    Deleted,
}
"#,
            ),
        ],
        settled: &[
            ("project.rs", "    pub status: Status,", "    pub status: String,"),
            (
                "project.rs",
                r#"
#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    #[sea_orm(string_value = "active")]
    Active,
    #[sea_orm(string_value = "archived")]
    Archived,
    #[sea_orm(string_value = "deleted")]
    Deleted,
}
"#,
                "",
            ),
        ],
        ..Case::new("more_values")
    },
    Case {
        edits: &[
            ("project.rs", "    pub status: String,", "    pub status: Status,"),
            (
                "project.rs",
                "impl ActiveModelBehavior for ActiveModel {}\n",
                r#"impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    #[sea_orm(string_value = "active")]
    Active,
    #[sea_orm(string_value = "deleted")]
    Deleted,
}
"#,
            ),
        ],
        settled: &[
            ("project.rs", "    pub status: Status,", "    pub status: String,"),
            (
                "project.rs",
                r#"
#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Status {
    #[sea_orm(string_value = "active")]
    Active,
    #[sea_orm(string_value = "deleted")]
    Deleted,
}
"#,
                "",
            ),
        ],
        prepare: &["UPDATE project SET status = 'active'"],
        ..Case::new("fewer_values")
    },
    Case {
        edits: &[(
            "project.rs",
            "    pub status: String,",
            r#"    #[sea_orm(column_type = "String(StringLen::N(30))")]
    pub status: String,"#,
        )],
        settled: &[(
            "project.rs",
            r#"    #[sea_orm(column_type = "String(StringLen::N(30))")]
"#,
            "",
        )],
        ..Case::new("any_value")
    },
    Case {
        edits: &[("task.rs", "    pub due_at:", "    #[sea_orm(indexed)]\n    pub due_at:")],
        settled: &[("task.rs", "    #[sea_orm(indexed)]\n", "")],
        ..Case::new("indexed")
    },
    Case {
        edits: &[(
            "project.rs",
            "pub enum Relation {\n",
            r#"pub enum Relation {
    #[sea_orm(
        belongs_to = "Entity",
        from = "Column::OriginId",
        to = "Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    Origin,
"#,
        )],
        prepare: &["UPDATE project SET origin_id = id"],
        derived: true,
        ..Case::new("reference")
    },
    Case {
        edits: &[(
            "task.rs",
            r#"    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::AuthorId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "Cascade"
    )]
    User,
"#,
            "",
        )],
        derived: true,
        ..Case::new("no_reference")
    },
    Case {
        edits: &[(
            "task.rs",
            r#"        from = "Column::AuthorId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "Cascade""#,
            r#"        from = "Column::AuthorId",
        to = "super::user::Column::Id",
        on_update = "NoAction",
        on_delete = "Restrict""#,
        )],
        ..Case::new("other_action")
    },
    Case {
        edits: &[
            ("lib.rs", "pub mod project;", "pub mod label;\npub mod project;"),
            (
                "prelude.rs",
                "pub use super::project::",
                "pub use super::label::Entity as Label;\npub use super::project::",
            ),
        ],
        new: &[(
            "label.rs",
            r#"//! `SeaORM` Entity, @generated by sea-orm-codegen 2.0

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "label")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    #[sea_orm(column_type = "Double")]
    pub weight: f64,
    pub created_at: DateTimeWithTimeZone,
    pub updated_at: DateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
"#,
        )],
        ..Case::new("create_table")
    },
    Case {
        new: &[(
            "label.rs",
            r#"//! `SeaORM` Entity, @generated by sea-orm-codegen 2.0

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "label")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique_key = "uq_label_name_project_id")]
    pub project_id: Uuid,
    #[sea_orm(unique_key = "uq_label_name_project_id", column_type = "String(StringLen::N(60))")]
    pub name: String,
    #[sea_orm(unique)]
    pub code: Option<i64>,
    #[sea_orm(indexed)]
    pub sort: i16,
    pub urgency: Urgency,
    pub parent_id: Option<Uuid>,
    #[sea_orm(default_value = false)]
    pub hidden: bool,
    pub created_at: DateTimeWithTimeZone,
    pub updated_at: DateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::project::Entity",
        from = "Column::ProjectId",
        to = "super::project::Column::Id",
        on_update = "NoAction",
        on_delete = "Cascade"
    )]
    Project,
    #[sea_orm(
        belongs_to = "Entity",
        from = "Column::ParentId",
        to = "Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    Parent,
}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Urgency {
    #[sea_orm(string_value = "low")]
    Low,
    #[sea_orm(string_value = "high")]
    High,
}

impl ActiveModelBehavior for ActiveModel {}
"#,
        )],
        derived: true,
        ..Case::new("create_table_with_all")
    },
    Case {
        edits: &[
            (
                "task.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub label_id: Option<Uuid>,\n",
            ),
            (
                "task.rs",
                "pub enum Relation {\n",
                r#"pub enum Relation {
    #[sea_orm(
        belongs_to = "super::label::Entity",
        from = "Column::LabelId",
        to = "super::label::Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    Label,
"#,
            ),
        ],
        new: &[
            (
                "label.rs",
                r#"//! `SeaORM` Entity, @generated by sea-orm-codegen 2.0

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "label")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub palette_id: Uuid,
    pub name: String,
    pub created_at: DateTimeWithTimeZone,
    pub updated_at: DateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::palette::Entity",
        from = "Column::PaletteId",
        to = "super::palette::Column::Id",
        on_update = "NoAction",
        on_delete = "Restrict"
    )]
    Palette,
}

impl ActiveModelBehavior for ActiveModel {}
"#,
            ),
            (
                "palette.rs",
                r#"//! `SeaORM` Entity, @generated by sea-orm-codegen 2.0

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "palette")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTimeWithTimeZone,
    pub updated_at: DateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
"#,
            ),
        ],
        derived: true,
        ..Case::new("create_two_tables")
    },
    Case {
        edits: &[
            ("lib.rs", "pub mod tag;\n", ""),
            ("prelude.rs", "pub use super::tag::Entity as Tag;\n", ""),
        ],
        gone: &["tag.rs"],
        ..Case::new("drop_table")
    },
    Case {
        edits: &[
            (
                "task.rs",
                r#"    #[sea_orm(
        belongs_to = "super::project::Entity",
        from = "Column::ProjectId",
        to = "super::project::Column::Id",
        on_update = "NoAction",
        on_delete = "Cascade"
    )]
    Project,
"#,
                "",
            ),
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub project_id: Uuid,
"#,
                "",
            ),
            (
                "task.rs",
                r#"    #[sea_orm(unique_key = "uq_task_project_id_title")]
    pub title"#,
                "    pub title",
            ),
        ],
        gone: &["project.rs"],
        derived: true,
        refused: true,
        ..Case::new("drop_table_that_is_referred_to")
    },
    Case { gone: &["project.rs", "task.rs"], derived: true, ..Case::new("drop_two_tables") },
    Case {
        edits: &[("project.rs", "    pub name: String,", "    pub title: String,")],
        renames: &["project.name=project.title"],
        ..Case::new("rename_column")
    },
    Case {
        edits: &[
            ("task.rs", "uq_task_project_id_title", "uq_task_project_id_name"),
            ("task.rs", "uq_task_project_id_title", "uq_task_project_id_name"),
            ("task.rs", "    pub title: String,", "    pub name: String,"),
        ],
        renames: &["task.title=task.name"],
        ..Case::new("rename_column_of_keys")
    },
    Case {
        edits: &[
            ("project.rs", "    pub owner_id: Uuid,", "    pub manager_id: Uuid,"),
            ("project.rs", "Column::OwnerId", "Column::ManagerId"),
        ],
        renames: &["project.owner_id=project.manager_id"],
        ..Case::new("rename_reference")
    },
    Case {
        edits: &[("project.rs", "    pub priority: i16,", "    pub rank: i64,")],
        renames: &["project.priority=project.rank"],
        ..Case::new("rename_and_change")
    },
    Case {
        edits: &[
            ("tag.rs", r#"table_name = "tag""#, r#"table_name = "label""#),
            ("lib.rs", "pub mod tag;\n", ""),
            ("lib.rs", "pub mod project;", "pub mod label;\npub mod project;"),
            ("prelude.rs", "pub use super::tag::Entity as Tag;\n", ""),
            (
                "prelude.rs",
                "pub use super::project::",
                "pub use super::label::Entity as Label;\npub use super::project::",
            ),
        ],
        renames: &["tag=label"],
        derived: true,
        ..Case::new("rename_table")
    },
    Case {
        edits: &[
            ("project.rs", r#"table_name = "project""#, r#"table_name = "plan""#),
            ("project.rs", "    pub name: String,", "    pub title: String,"),
        ],
        renames: &["project=plan", "plan.name=plan.title"],
        derived: true,
        ..Case::new("rename_table_that_is_referred_to")
    },
    Case {
        edits: &[
            (
                "task.rs",
                "    pub updated_at: DateTimeWithTimeZone,\n",
                "    pub updated_at: DateTimeWithTimeZone,\n    pub label_id: Option<Uuid>,\n    #[sea_orm(default_value = 1)]\n    pub points: i64,\n",
            ),
            (
                "task.rs",
                "pub enum Relation {\n",
                r#"pub enum Relation {
    #[sea_orm(
        belongs_to = "super::label::Entity",
        from = "Column::LabelId",
        to = "super::label::Column::Id",
        on_update = "NoAction",
        on_delete = "SetNull"
    )]
    Label,
"#,
            ),
            (
                "task.rs",
                r#"    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
"#,
                "",
            ),
            ("project.rs", "    pub priority: i16,", "    pub priority: i64,"),
            ("user.rs", "    pub name: String,", "    pub full_name: Option<String>,"),
        ],
        new: &[(
            "label.rs",
            r#"//! `SeaORM` Entity, @generated by sea-orm-codegen 2.0

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "label")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTimeWithTimeZone,
    pub updated_at: DateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
"#,
        )],
        gone: &["tag.rs"],
        renames: &["user.name=user.full_name"],
        derived: true,
        ..Case::new("everything")
    },
];
