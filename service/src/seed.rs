//! Demonstration data: what a newcomer finds in an empty database. It is made by the functions that requests call, so
//! it follows every rule, and it is the same each time.

use chrono::TimeDelta;
use entity::{
    member, organization,
    prelude::{Member, Organization, Project, Theme, User},
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect,
};
use uuid::Uuid;

use crate::{
    Caller, Database, Error, Principal, Result, Transaction, Writable,
    caller::Role,
    identity::{
        Hasher, IdentityError,
        credential::{NewUser, SignUp, create_user},
        new_id,
    },
    organization::OrganizationRole,
    project::{
        CreateProject, ProjectStatus, archive,
        project_member::{AddMember, MemberRole, add_member},
        task::NewTask,
        theme::CreateTheme,
    },
};

/// Who can sign in to look around.
#[derive(Clone, Debug)]
pub struct Demonstration {
    /// The e-mail address of a user with projects.
    pub email: String,
    /// The password of all users of the demonstration.
    pub password: String,
}

const PASSWORD: &str = "demonstration";

const USERS: [(&str, &str, Role); 3] = [
    ("Ada Lovelace", "ada@example.com", Role::User),
    ("Bob Fisher", "bob@example.com", Role::User),
    ("Grace Admin", "admin@example.com", Role::Admin),
];

const THEMES: [(&str, &str, &str); 3] = [
    ("Harbour", "#1f6feb", "Blue, for work that is under way"),
    ("Meadow", "#2e8b57", "Green, for what may take its time"),
    ("Brick", "#b5543c", "Red, for what must not be forgotten"),
];

/// A project of the demonstration: whose, how old in days, and what is in it.
struct Sample {
    owner: usize,
    age: i64,
    name: &'static str,
    client: Option<&'static str>,
    description: &'static str,
    theme: Option<usize>,
    status: ProjectStatus,
    shared: Shared,
    /// What is to be done, whether it is, and how many minutes it is thought to take.
    tasks: &'static [(&'static str, bool, Option<i64>)],
}

/// Who sees a project besides its owner.
enum Shared {
    Nobody,
    Everybody,
    Organization,
    With(usize, MemberRole),
}

const SAMPLES: [Sample; 7] = [
    Sample {
        owner: 0,
        age: 42,
        name: "Trade fair stand",
        client: Some("Miller & Sons"),
        description: "Three days in May, twelve square metres.",
        theme: Some(2),
        status: ProjectStatus::Archived,
        shared: Shared::Organization,
        tasks: &[
            ("Rent the stand", true, Some(60)),
            ("Print the banner", true, Some(240)),
            ("Book the van", true, Some(15)),
        ],
    },
    Sample {
        owner: 1,
        age: 35,
        name: "Recipe box",
        client: None,
        description: "Family recipes, typed from the cards. Everybody may cook from it.",
        theme: Some(1),
        status: ProjectStatus::Active,
        shared: Shared::Everybody,
        tasks: &[("Soups", true, Some(480)), ("Bread", true, Some(300)), ("Cakes", false, None)],
    },
    Sample {
        owner: 0,
        age: 28,
        name: "Annual report",
        client: Some("Miller & Sons"),
        description: "Waits for the figures of the last quarter.",
        theme: Some(2),
        status: ProjectStatus::Inactive,
        shared: Shared::Organization,
        tasks: &[("Collect the figures", false, Some(240)), ("Draft the preface", true, Some(120))],
    },
    Sample {
        owner: 1,
        age: 21,
        name: "Tide tables",
        client: Some("Harbour Ferries"),
        description: "High and low water for the next year, as a calendar feed.",
        theme: Some(0),
        status: ProjectStatus::Active,
        shared: Shared::With(0, MemberRole::Viewer),
        tasks: &[
            ("Find the source data", true, Some(90)),
            ("Check daylight saving time", false, Some(45)),
        ],
    },
    Sample {
        owner: 0,
        age: 14,
        name: "Reading list",
        client: None,
        description: "What to read on the train.",
        theme: None,
        status: ProjectStatus::Inactive,
        shared: Shared::Nobody,
        tasks: &[],
    },
    Sample {
        owner: 0,
        age: 7,
        name: "Garden planner",
        client: None,
        description: "What is sown, planted and picked when. Everybody may look.",
        theme: Some(1),
        status: ProjectStatus::Active,
        shared: Shared::Everybody,
        tasks: &[
            ("Draw the beds", true, Some(60)),
            ("Order seeds", false, None),
            ("Mend the fence", false, Some(180)),
        ],
    },
    Sample {
        owner: 0,
        age: 1,
        name: "Website relaunch",
        client: Some("Harbour Ferries"),
        description: "New timetable pages, in three languages, before the summer.",
        theme: Some(0),
        status: ProjectStatus::Active,
        shared: Shared::With(1, MemberRole::Editor),
        tasks: &[
            ("Agree on the page tree", true, Some(120)),
            ("Move the timetables", true, Some(960)),
            ("Translate into German", false, Some(600)),
            ("Translate into Danish", false, Some(600)),
            ("Test with a screen reader", false, None),
        ],
    },
];

/// Fills an empty database, all or nothing; `None` when there are users already.
///
/// # Errors
/// Those of the database.
pub async fn demonstration(database: &Database, hasher: &Hasher) -> Result<Option<Demonstration>> {
    if has_users(database.reader()).await? {
        return Ok(None);
    }
    let mut users = Vec::new();
    for (name, email, role) in USERS {
        let user = NewUser::of(&sign_up(name, email), hasher).await.map_err(plain)?;
        users.push(user.with_role(role));
    }
    let filled = database
        .write(async move |tx| {
            // Read again: another process may have been faster.
            if has_users(tx).await? { Ok(false) } else { fill(tx, &users).await.map(|()| true) }
        })
        .await;
    let [(_, email, _), ..] = USERS;
    match filled {
        Ok(true) => {
            Ok(Some(Demonstration { email: email.to_owned(), password: PASSWORD.to_owned() }))
        }
        Ok(false) | Err(Error::Taken { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[expect(clippy::disallowed_methods, reason = "whether there is any user, and nothing of them")]
async fn has_users(db: &impl ConnectionTrait) -> Result<bool> {
    let first = User::find().select_only().column(entity::user::Column::Id).limit(1);
    Ok(first.into_tuple::<Uuid>().one(db).await?.is_some())
}

fn sign_up(name: &str, email: &str) -> SignUp {
    SignUp {
        name: name.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        image: None,
        username: None,
        display_username: None,
        callback_url: None,
        remember: true,
    }
}

async fn fill(tx: &Transaction, users: &[NewUser]) -> Result<()> {
    let system = Caller::system();
    let mut callers = Vec::new();
    for (user, (_, _, role)) in users.iter().zip(USERS) {
        let user = create_user(tx, &system, user).await.map_err(plain)?;
        let principal =
            Principal { id: user.id, role, session_id: Uuid::nil(), impersonated_by: None };
        callers.push(Caller { user: Some(principal), ..system.clone() });
    }
    let [ada, bob, admin] = &*callers else { return Ok(()) };
    let works = organize(tx, ada, bob).await?;
    let mut themes = Vec::new();
    for (name, primary_color, description) in THEMES {
        let theme = CreateTheme {
            name: name.to_owned(),
            primary_color: primary_color.to_owned(),
            description: Some(description.to_owned()),
        };
        themes.push(Theme::create_row(tx, admin, &theme).await?.id);
    }
    for sample in &SAMPLES {
        sample.create(tx, &callers, &themes, works).await?;
    }
    Ok(())
}

/// Organizations have no functions of their own yet.
#[expect(clippy::disallowed_methods, reason = "organizations are not written by `write` yet")]
async fn organize(tx: &Transaction, owner: &Caller, other: &Caller) -> Result<Uuid> {
    let (id, at) = (new_id(), owner.at.fixed_offset());
    let works = organization::Model {
        id,
        name: "Example Works".to_owned(),
        slug: "example-works".to_owned(),
        logo: None,
        metadata: None,
        created_at: at,
        updated_at: at,
    };
    Organization::insert(works.into_active_model().reset_all()).exec_without_returning(tx).await?;
    for (caller, role) in [(owner, OrganizationRole::Owner), (other, OrganizationRole::Member)] {
        let member = member::Model {
            id: new_id(),
            organization_id: id,
            user_id: caller.principal()?.id,
            role: role.to_value(),
            created_at: at,
            updated_at: at,
        };
        Member::insert(member.into_active_model().reset_all()).exec_without_returning(tx).await?;
    }
    Ok(id)
}

impl Sample {
    async fn create(
        &self,
        tx: &Transaction,
        callers: &[Caller],
        themes: &[Uuid],
        organization: Uuid,
    ) -> Result<()> {
        let Some(owner) = callers.get(self.owner) else { return Ok(()) };
        let owner = Caller { at: owner.at - TimeDelta::days(self.age), ..owner.clone() };
        let tasks = self.tasks.iter().map(|(title, done, estimate_minutes)| NewTask {
            title: (*title).to_owned(),
            description: None,
            done: Some(*done),
            estimate_minutes: *estimate_minutes,
        });
        let archived = self.status == ProjectStatus::Archived;
        let project = CreateProject {
            name: self.name.to_owned(),
            description: Some(self.description.to_owned()),
            client_name: self.client.map(str::to_owned),
            status: (!archived).then_some(self.status),
            is_public: Some(matches!(self.shared, Shared::Everybody)),
            organization_id: matches!(self.shared, Shared::Organization).then_some(organization),
            theme_id: self.theme.and_then(|theme| themes.get(theme).copied()),
            tasks: Some(tasks.collect()),
        };
        let project = Project::create_row(tx, &owner, &project).await?;
        if let Shared::With(user, role) = self.shared
            && let Some(user) = callers.get(user)
        {
            let member = AddMember { user_id: user.principal()?.id, role };
            add_member(tx, &owner, project.id, &member).await?;
        }
        if archived {
            let later = Caller { at: owner.at + TimeDelta::days(30), ..owner };
            archive(tx, &later, project.id).await?;
        }
        Ok(())
    }
}

/// What the demonstration's own users cannot be refused for.
fn plain(error: IdentityError) -> Error {
    match error {
        IdentityError::Service(error) => error,
        IdentityError::UserAlreadyExistsUseAnotherEmail => {
            Error::Taken { field: "email".to_owned() }
        }
        other => Error::invalid("", "demonstration", other.to_string()),
    }
}
