//! Sessions: who is behind a token, and for how long.
//!
//! A token is known to its client alone. What is stored is its SHA-256, which suffices to find it and signs nobody in;
//! an attack on the hash is hopeless, because a token has 190 random bits.

mod resource;

use std::{fmt, net::IpAddr, sync::LazyLock};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use entity::{
    prelude::{Session, User},
    session::{self, Column},
    user,
};
use rand::{
    distr::{Alphanumeric, SampleString},
    rand_core::UnwrapErr,
    rngs::SysRng,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr,
    EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
    sea_query::{Expr, ExprTrait, Query},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{IdentityError, hex, new_id, transact};
use crate::{Caller, Database, Principal, Result, Transaction, caller::Role, write};

/// How long a session lasts that is not used; using it extends it.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
/// How long a session lasts whose user does not want to be remembered. It is never extended.
pub const SHORT_LIFETIME: TimeDelta = TimeDelta::days(1);
/// How long after it began a session is fresh.
const FRESH_AGE: TimeDelta = TimeDelta::days(1);
/// How often a session is extended, at most.
const UPDATE_AGE: TimeDelta = TimeDelta::days(1);

/// As many sessions of a user as are shown.
const MAX_LISTED: u64 = 100;
const TOKEN_LENGTH: usize = 32;
/// As much of `User-Agent` as is kept, in characters.
const MAX_USER_AGENT: usize = 512;

/// What a client shows to be recognised: 32 random letters and digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub(super) fn random() -> Self {
        // From the operating system. It does not fail once the machine has started.
        Self(Alphanumeric.sample_string(&mut UnwrapErr(SysRng), TOKEN_LENGTH))
    }

    /// The token itself, for its client.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

pub(super) fn hash(token: &str) -> String {
    hex(&Sha256::digest(token))
}

/// Where a session is used, for its user to recognise it by.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// The client's address.
    pub ip_address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

/// A session that was just opened: the only time that its token is known here.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The token.
    pub token: Token,
    /// The session.
    pub session: session::Model,
    /// Its user.
    pub user: user::Model,
}

/// A session in use.
#[derive(Clone, Debug)]
pub struct CurrentSession {
    /// The session.
    pub session: session::Model,
    /// Its user.
    pub user: user::Model,
    /// Whether it was extended just now, so that its cookie must be too.
    pub extended: bool,
}

impl CurrentSession {
    /// The session's user, as services ask for them.
    ///
    /// # Errors
    /// When the user's role is none that there is.
    pub fn principal(&self) -> Result<Principal> {
        Ok(Principal {
            id: self.user.id,
            role: Role::try_from_value(&self.user.role)?,
            session_id: self.session.id,
            impersonated_by: self.session.impersonated_by,
        })
    }
}

/// Who shows this token; nobody if the session has expired or the user is banned. Asked on each request, so it is one
/// statement, written once, that finds two rows by their keys.
///
/// # Errors
/// Those of the database.
pub async fn authenticate(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
    token: &str,
) -> Result<Option<Principal>> {
    let backend = db.get_database_backend();
    let statement =
        Statement::from_sql_and_values(backend, principal_query(backend), [hash(token).into()]);
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(None) };
    let expires_at: DateTime<FixedOffset> = row.try_get_by_index(3)?;
    if expires_at <= at || is_banned(row.try_get_by_index(4)?, row.try_get_by_index(5)?, at) {
        return Ok(None);
    }
    Ok(Some(Principal {
        session_id: row.try_get_by_index(0)?,
        id: row.try_get_by_index(1)?,
        role: Role::try_from_value(&row.try_get_by_index(2)?)?,
        impersonated_by: row.try_get_by_index(6)?,
    }))
}

fn principal_query(backend: DbBackend) -> &'static str {
    static POSTGRES: LazyLock<String> = LazyLock::new(|| build(DbBackend::Postgres));
    static SQLITE: LazyLock<String> = LazyLock::new(|| build(DbBackend::Sqlite));
    fn build(backend: DbBackend) -> String {
        let select = Query::select()
            .column((Session, Column::Id))
            .columns([(User, user::Column::Id), (User, user::Column::Role)])
            .column((Session, Column::ExpiresAt))
            .columns([(User, user::Column::Banned), (User, user::Column::BanExpires)])
            .column((Session, Column::ImpersonatedBy))
            .from(Session)
            .inner_join(User, Expr::col((User, user::Column::Id)).equals((Session, Column::UserId)))
            .and_where(Expr::col((Session, Column::TokenHash)).eq(""))
            .take();
        backend.build(&select).sql
    }
    match backend {
        DbBackend::Sqlite => &SQLITE,
        _ => &POSTGRES,
    }
}

/// A ban lasts until it expires, or for good.
pub(super) fn is_banned(
    banned: bool,
    expires: Option<DateTime<FixedOffset>>,
    at: DateTime<Utc>,
) -> bool {
    banned && expires.is_none_or(|expires| expires > at)
}

/// Opens a session. A ban that has expired is lifted for good.
///
/// # Errors
/// `BannedUser`; those of the database.
pub(super) async fn open(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
    device: &Device,
    remember: bool,
) -> Result<SignedIn, IdentityError> {
    let lifetime = if remember { LIFETIME } else { SHORT_LIFETIME };
    open_for(tx, caller, user, device, lifetime, None).await
}

/// Opens a session that lasts this long, in which an administrator acts as the user if one is named.
///
/// # Errors
/// As [`open`].
pub(super) async fn open_for(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
    device: &Device,
    lifetime: TimeDelta,
    impersonated_by: Option<Uuid>,
) -> Result<SignedIn, IdentityError> {
    if is_banned(user.banned, user.ban_expires, caller.at) {
        return Err(IdentityError::BannedUser);
    }
    let user = lift_ban(tx, caller, user).await?;
    let token = Token::random();
    let at = caller.at.fixed_offset();
    let session = session::Model {
        id: new_id(),
        user_id: user.id,
        token_hash: hash(token.reveal()),
        expires_at: at + lifetime,
        ip_address: device.ip_address.map(|address| address.to_string()),
        user_agent: device
            .user_agent
            .as_deref()
            .map(|name| name.chars().take(MAX_USER_AGENT).collect()),
        impersonated_by,
        active_organization_id: None,
        created_at: at,
        updated_at: at,
    };
    let row = session.clone().into_active_model().reset_all();
    #[expect(clippy::disallowed_methods, reason = "sessions are not audited: they change nothing")]
    Session::insert(row).exec_without_returning(tx).await?;
    Ok(SignedIn { token, session, user })
}

pub(super) async fn lift_ban(
    tx: &Transaction,
    caller: &Caller,
    user: user::Model,
) -> Result<user::Model> {
    let change = user::ActiveModel {
        banned: Set(false),
        ban_reason: Set(None),
        ban_expires: Set(None),
        ..Default::default()
    };
    if user.banned {
        write::update::<User>(tx, caller, "unban", user, change).await
    } else {
        Ok(user)
    }
}

/// The session behind a token, with its user. A session that has expired is removed; one that is in use is extended
/// for another week, at most once a day, if `extend` says so.
///
/// Reads, and writes seldom: so it takes the database and not a transaction.
///
/// # Errors
/// `FailedToGetSession` when the session ends at the same moment; those of the database.
pub async fn current(
    database: &Database,
    at: DateTime<Utc>,
    token: &str,
    extend: bool,
) -> Result<Option<CurrentSession>, IdentityError> {
    #[expect(clippy::disallowed_methods, reason = "the client's own session")]
    let found = Session::find()
        .find_also_related(User)
        .filter(Column::TokenHash.eq(hash(token)))
        .one(database.reader())
        .await?;
    let Some((session, Some(user))) = found else { return Ok(None) };
    if session.expires_at <= at || is_banned(user.banned, user.ban_expires, at) {
        end(database, token).await?;
        return Ok(None);
    }
    if !extend || !is_due(&session, at) {
        return Ok(Some(CurrentSession { session, user, extended: false }));
    }
    let session = transact(database, async move |tx| prolong(tx, &session, at).await).await?;
    Ok(Some(CurrentSession { session, user, extended: true }))
}

/// Whether the session began lately enough to do what takes more than being signed in.
pub fn is_fresh(session: &session::Model, at: DateTime<Utc>) -> bool {
    at.fixed_offset() - session.created_at < FRESH_AGE
}

/// Whether it is time to extend the session. A short one, known by its beginning and its end, is left to expire.
fn is_due(session: &session::Model, at: DateTime<Utc>) -> bool {
    session.expires_at - session.created_at > SHORT_LIFETIME
        && session.expires_at - LIFETIME + UPDATE_AGE <= at
}

#[expect(clippy::disallowed_methods, reason = "sessions are not audited: they change nothing")]
async fn prolong(
    tx: &Transaction,
    session: &session::Model,
    at: DateTime<Utc>,
) -> Result<session::Model, IdentityError> {
    let at = at.fixed_offset();
    let extended = session::Model { expires_at: at + LIFETIME, updated_at: at, ..session.clone() };
    let updated = Session::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(extended.expires_at))
        .col_expr(Column::UpdatedAt, Expr::value(extended.updated_at))
        .filter(Column::Id.eq(session.id))
        .exec(tx)
        .await?;
    if updated.rows_affected == 0 { Err(IdentityError::FailedToGetSession) } else { Ok(extended) }
}

/// Ends the session behind a token, if there is one.
///
/// # Errors
/// Those of the database.
pub async fn end(database: &Database, token: &str) -> Result<()> {
    let hash = hash(token);
    #[expect(clippy::disallowed_methods, reason = "sessions are not audited: they change nothing")]
    database
        .write(async move |tx| {
            Session::delete_many().filter(Column::TokenHash.eq(&hash)).exec(tx).await?;
            Ok(())
        })
        .await
}

/// The sessions of a user that have not expired, the newest first. Those in which an administrator acts as the user are
/// not theirs.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "whoever calls this has asked who may")]
pub async fn list(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
    user_id: Uuid,
) -> Result<Vec<session::Model>> {
    let sessions = Session::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::ExpiresAt.gt(at.fixed_offset()))
        .filter(Column::ImpersonatedBy.is_null())
        .order_by_desc(Column::Id)
        .limit(MAX_LISTED);
    Ok(sessions.all(db).await?)
}

/// Ends one session of a user, named by its token or by its id; of another's, nothing.
///
/// # Errors
/// Those of the database.
pub async fn revoke(database: &Database, user_id: Uuid, name: &str) -> Result<()> {
    let which = match Uuid::try_parse(name) {
        Ok(id) => Column::Id.eq(id),
        Err(_a_token) => Column::TokenHash.eq(hash(name)),
    };
    let which = which.and(Column::UserId.eq(user_id));
    #[expect(clippy::disallowed_methods, reason = "sessions are not audited: they change nothing")]
    database
        .write(async move |tx| {
            Session::delete_many().filter(which.clone()).exec(tx).await?;
            Ok(())
        })
        .await
}

/// Ends all sessions of a user, but for one that may be kept.
///
/// # Errors
/// Those of the database.
pub async fn revoke_all(database: &Database, user_id: Uuid, keep: Option<Uuid>) -> Result<()> {
    database
        .write(async move |tx| {
            end_all(tx, user_id, keep).await.map(|_ended| ()).map_err(Into::into)
        })
        .await
}

/// The same, in a transaction: those in which they act as somebody else, too. How many there were.
///
/// # Errors
/// Those of the database.
pub(crate) async fn end_all(
    tx: &Transaction,
    user_id: Uuid,
    keep: Option<Uuid>,
) -> Result<u64, DbErr> {
    let theirs =
        Condition::any().add(Column::UserId.eq(user_id)).add(Column::ImpersonatedBy.eq(user_id));
    let theirs = Condition::all().add(theirs).add_option(keep.map(|id| Column::Id.ne(id)));
    #[expect(clippy::disallowed_methods, reason = "sessions are not audited: why they end is")]
    let ended = Session::delete_many().filter(theirs).exec(tx).await?;
    Ok(ended.rows_affected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_32_random_letters_and_digits_and_shows_itself_to_its_client_alone() {
        let (first, second) = (Token::random(), Token::random());
        assert_ne!(first, second);
        assert_eq!(first.reveal().len(), TOKEN_LENGTH);
        assert!(first.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(format!("{first:?}"), "Token");
    }

    #[test]
    fn a_token_is_stored_as_its_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(""), empty);
    }

    #[test]
    fn a_request_asks_for_its_user_with_one_statement_over_two_keys() {
        assert_eq!(
            principal_query(DbBackend::Postgres),
            r#"SELECT "session"."id", "user"."id", "user"."role", "session"."expires_at", "user"."banned", "user"."ban_expires", "session"."impersonated_by" FROM "session" INNER JOIN "user" ON "user"."id" = "session"."user_id" WHERE "session"."token_hash" = $1"#
        );
    }

    #[test]
    fn a_ban_lasts_until_it_expires() {
        let at = DateTime::UNIX_EPOCH;
        let hour = TimeDelta::hours(1);
        assert!(is_banned(true, None, at));
        assert!(is_banned(true, Some((at + hour).fixed_offset()), at));
        assert!(!is_banned(true, Some((at - hour).fixed_offset()), at));
        assert!(!is_banned(false, Some((at + hour).fixed_offset()), at));
    }
}
