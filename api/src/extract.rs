//! What handlers take: callers, ids, queries; bodies are in [`crate::body`]. Extractors authenticate and parse;
//! services authorize.
//!
//! These replace `web::Json`, `web::Query` and `web::Path`, whose failures are not problems.

use std::{future::Future, pin::Pin, rc::Rc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};
use service::{
    Caller, Database, Error,
    query::{self, Cursors, ListQuery, policy::IndexPolicy},
    resource::Expected,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::{
    identity,
    middleware::{RequestId, UserId},
    problem::Problem,
    routes,
};

pub(crate) type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// The worker's own connections.
pub type Db = web::Data<Database>;

/// Anyone: signed in or not. Wrong credentials are refused all the same.
pub struct Anyone(pub Caller);

/// A signed-in user; otherwise 401.
pub struct SignedIn(pub Caller);

/// A platform administrator; otherwise 401 or 403.
pub struct Admin(pub Caller);

impl FromRequest for Anyone {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { caller_of(&request).await.map(Self) })
    }
}

/// Who calls, found out once per request by whichever extractor asks first.
pub(crate) async fn caller_of(request: &HttpRequest) -> Result<Caller, Problem> {
    let known = {
        let mut extensions = request.extensions_mut();
        let known = extensions.get::<Rc<OnceCell<Caller>>>().cloned();
        known.unwrap_or_else(|| {
            let cell = Rc::default();
            extensions.insert(Rc::clone(&cell));
            cell
        })
    };
    known.get_or_try_init(|| authenticate(request)).await.cloned()
}

async fn authenticate(request: &HttpRequest) -> Result<Caller, Problem> {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.to_string());
    let mut caller = Caller::new(None, request_id);
    let database = request.app_data::<Db>().ok_or(Problem::Internal)?;
    caller.user = identity::principal_of(request, database, caller.at).await?;
    if let Some(user) = &caller.user {
        request.extensions_mut().insert(UserId(user.id));
        if !request.method().is_safe() {
            identity::check_origin(request)?;
        }
    }
    Ok(caller)
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = caller_of(&request).await?;
            caller.principal()?;
            Ok(Self(caller))
        })
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = caller_of(&request).await?;
            if caller.principal()?.is_admin() {
                Ok(Self(caller))
            } else {
                Err(Error::Forbidden.into())
            }
        })
    }
}

/// Whom a resource is for; within it, each sees what is theirs.
pub trait Audience: FromRequest<Error = Problem> + 'static {
    /// Who calls.
    fn into_caller(self) -> Caller;
}

impl Audience for Anyone {
    fn into_caller(self) -> Caller {
        self.0
    }
}

impl Audience for Admin {
    fn into_caller(self) -> Caller {
        self.0
    }
}

/// The id in the path.
pub struct Id(pub Uuid);

/// The two ids in the path, in order.
pub struct Ids(pub Uuid, pub Uuid);

impl FromRequest for Id {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(id(request, 0).map(Self))
    }
}

impl FromRequest for Ids {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(id(request, 0).and_then(|first| Ok(Self(first, id(request, 1)?))))
    }
}

fn id(request: &HttpRequest, position: usize) -> Result<Uuid, Problem> {
    let text = request.match_info().iter().nth(position).map_or("", |(_, text)| text);
    let message = "in the path is not a UUID such as 018f4e6e-7c1a-7b2e-9d3c-0123456789ab";
    Uuid::try_parse(text).map_err(|_invalid| {
        // A verb's name where an id could stand, such as `/projects/stats`, has methods of its own.
        routes::other_method(request)
            .unwrap_or_else(|| Problem::Malformed("id", message.to_owned()))
    })
}

/// What is the same for all lists of the process.
#[derive(Clone, Debug)]
pub struct Lists {
    /// Signs cursors.
    pub cursors: Cursors,
    /// What becomes of lists that no index serves.
    pub index_policy: IndexPolicy,
}

impl Lists {
    pub(crate) fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        request.app_data::<web::Data<Self>>().map(|lists| &***lists).ok_or(Problem::Internal)
    }

    pub(crate) fn parse(&self, text: &str) -> Result<ListQuery, Problem> {
        let query = ListQuery::parse(text, &self.cursors)?;
        Ok(ListQuery { index_policy: self.index_policy.clone(), ..query })
    }

    pub(crate) fn read(&self, body: query::Body) -> Result<ListQuery, Problem> {
        let query = ListQuery::from_body(body, &self.cursors)?;
        Ok(ListQuery { index_policy: self.index_policy.clone(), ..query })
    }
}

/// The query string of a list or of a single row.
pub struct Query(pub ListQuery);

impl FromRequest for Query {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = Lists::of(request).and_then(|lists| lists.parse(request.query_string()));
        std::future::ready(parsed.map(Self))
    }
}

/// No query string: a parameter that means nothing here is refused, not passed over.
pub struct NoQuery;

impl FromRequest for NoQuery {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parameter = request.query_string().split(['&', '=']).find(|text| !text.is_empty());
        std::future::ready(match parameter {
            None => Ok(Self),
            Some(parameter) => Err(Problem::Service(Error::BadQuery {
                parameter: parameter.to_owned(),
                message: "this address takes no query parameters".to_owned(),
            })),
        })
    }
}

/// The versions in `If-Match` (RFC 9110, 13.1.1); without it, any.
pub struct IfMatch(pub Expected);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(header::IF_MATCH) else {
            return std::future::ready(Ok(Self(Expected::Any)));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return std::future::ready(Ok(Self(Expected::Any)));
        }
        // A tag that none of ours can be is a state that the row does not have.
        let versions =
            text.split(',').filter_map(|tag| crate::resource::version_of(tag.trim())).collect();
        std::future::ready(Ok(Self(Expected::Versions(versions))))
    }
}
