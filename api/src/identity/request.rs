//! What handlers under `/api/auth` take: a request whose parts are asked for in the order in which Better Auth judges
//! them. First where it comes from, then its input, then who sends it.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};
use entity::{session, user};
use serde::de::DeserializeOwned;
use service::{
    Caller,
    identity::{
        IdentityError,
        session::{self as sessions, CurrentSession, Device},
    },
};
use validator::Validate;

use super::{
    Identity,
    body::{Body, Fields},
    origin::{check_cookies, check_sign_in},
    refusal::{Failure, Refusal},
};
use crate::{
    extract::Db,
    middleware::{ClientAddress, RequestId, UserId},
    problem::Problem,
};

/// A request under `/api/auth`.
pub(super) struct Auth {
    /// The request itself.
    pub(super) request: HttpRequest,
    /// The worker's connections.
    pub(super) db: Db,
    /// What people are known by.
    pub(super) identity: web::Data<Identity>,
    /// Nobody yet; the time and the id of the request.
    pub(super) caller: Caller,
}

/// Who sends a request.
#[expect(clippy::struct_field_names, reason = "the row is one of its parts")]
pub(super) struct Session {
    /// The token that the request shows.
    pub(super) token: String,
    /// The session behind it.
    pub(super) session: session::Model,
    /// Its user.
    pub(super) user: user::Model,
    /// The same, as services ask for it.
    pub(super) caller: Caller,
}

impl FromRequest for Auth {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request_id = request.extensions().get::<RequestId>().map(|id| id.0.to_string());
        let parts = request.app_data::<Db>().zip(request.app_data::<web::Data<Identity>>());
        ready(parts.ok_or(Problem::Internal.into()).map(|(db, identity)| Self {
            request: request.clone(),
            db: db.clone(),
            identity: identity.clone(),
            caller: Caller::new(None, request_id),
        }))
    }
}

impl Auth {
    /// The body, from a trusted site if cookies come with it.
    ///
    /// # Errors
    /// `UntrustedOrigin`, `UntrustedCallback`, `Validation`.
    pub(super) fn input<T, const FORM: bool>(&self, body: Body<FORM>) -> Result<T, Refusal>
    where
        T: DeserializeOwned + Validate,
    {
        check_cookies(self.request.headers(), &self.identity.origins)?;
        self.read(body.fields()?)
    }

    /// The body of what signs somebody in, which no other site may send, whether cookies come with it or not.
    ///
    /// # Errors
    /// As [`Auth::input`]; `CrossSiteNavigation`.
    pub(super) fn sign_in_input<T, const FORM: bool>(&self, body: Body<FORM>) -> Result<T, Refusal>
    where
        T: DeserializeOwned + Validate,
    {
        check_sign_in(self.request.headers(), &self.identity.origins)?;
        self.read(body.fields()?)
    }

    /// The parameters of the query.
    ///
    /// # Errors
    /// `UntrustedCallback`, `Validation`.
    pub(super) fn query<T: DeserializeOwned + Validate>(&self) -> Result<T, Refusal> {
        self.read(Fields::of_query(self.request.query_string()))
    }

    /// Members that are there already, as a type.
    ///
    /// # Errors
    /// `UntrustedCallback`, `Validation`.
    pub(super) fn read<T: DeserializeOwned + Validate>(
        &self,
        fields: Fields,
    ) -> Result<T, Refusal> {
        fields.check_callbacks(&self.identity.origins)?;
        fields.parse()
    }

    /// Who sends the request, if anybody is signed in.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn session_if_any(&self) -> Result<Option<Session>, Failure> {
        let Some(token) = self.identity.token_of(self.request.headers()) else { return Ok(None) };
        let found = sessions::current(&self.db, self.caller.at, &token, false).await?;
        found.map(|found| self.session_of(token, found)).transpose()
    }

    /// Who sends the request.
    ///
    /// # Errors
    /// `Unauthorized` when nobody is signed in; those of the database.
    pub(super) async fn session(&self) -> Result<Session, Failure> {
        if !self.request.method().is_safe() {
            check_cookies(self.request.headers(), &self.identity.origins)?;
        }
        Ok(self.session_if_any().await?.ok_or(Refusal::Unauthorized)?)
    }

    /// Who sends the request, where Better Auth says no word to who is nobody.
    ///
    /// # Errors
    /// `UnauthorizedSilently`; those of the database.
    pub(super) async fn session_or_silence(&self) -> Result<Session, Failure> {
        self.session().await.map_err(|failure| match failure {
            Failure::Refused(Refusal::Unauthorized) => Refusal::UnauthorizedSilently.into(),
            other => other,
        })
    }

    /// Who sends the request, and is not somebody else who acts as them: for what would outlast the impersonation.
    ///
    /// # Errors
    /// As [`Auth::session`]; `NotWhileImpersonating`.
    pub(super) async fn own_session(&self) -> Result<Session, Failure> {
        let session = self.session().await?;
        if session.session.impersonated_by.is_some() {
            return Err(IdentityError::NotWhileImpersonating.into());
        }
        Ok(session)
    }

    /// Who sends the request themselves, if they have signed in lately.
    ///
    /// # Errors
    /// As [`Auth::own_session`]; `SessionNotFresh`.
    pub(super) async fn fresh_session(&self) -> Result<Session, Failure> {
        let session = self.own_session().await?;
        if sessions::is_fresh(&session.session, self.caller.at) {
            Ok(session)
        } else {
            Err(IdentityError::SessionNotFresh.into())
        }
    }

    fn session_of(&self, token: String, found: CurrentSession) -> Result<Session, Failure> {
        self.note_user(&found.user);
        let caller = Caller { user: Some(found.principal()?), ..self.caller.clone() };
        Ok(Session { token, session: found.session, user: found.user, caller })
    }

    /// Where the request comes from, for the session that it opens.
    pub(super) fn device(&self) -> Device {
        let user_agent = self.request.headers().get(header::USER_AGENT);
        let extensions = self.request.extensions();
        Device {
            ip_address: extensions.get::<ClientAddress>().map(|address| address.0),
            user_agent: user_agent.and_then(|name| name.to_str().ok()).map(str::to_owned),
        }
    }

    /// For the line in the log.
    pub(super) fn note_user(&self, user: &user::Model) {
        self.request.extensions_mut().insert(UserId(user.id));
    }
}
