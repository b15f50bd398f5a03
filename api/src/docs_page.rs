//! `/docs`: the OpenAPI document rendered by Swagger UI, which is part of the binary. No other host is asked.

use std::{borrow::Cow, sync::Arc};

use actix_web::{HttpResponse, get, http::header, web};
use bytes::Bytes;
use service::Error;
use utoipa_swagger_ui::Config;

use crate::problem::{Problem, Problems};

/// Scripts and styles come from here only. Swagger UI writes `style` attributes and draws icons from `data:` URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Relative addresses, so that the page works under a prefix, too.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Garboard API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"><p style="font-family: sans-serif; margin: 2rem">This page needs JavaScript. The document itself is <a href="openapi.json">openapi.json</a>.</p></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r##"window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // otherwise the document would be sent to a validator elsewhere
});
"##;

/// The API, to read and to try.
#[utoipa::path(
    tag = "meta", operation_id = "docs", security(()),
    responses((status = 200, content_type = "text/html", body = String))
)]
#[get("/docs")]
pub(crate) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(PAGE)
}

/// A file of that page.
#[utoipa::path(
    tag = "meta", operation_id = "docsFile", security(()),
    params(("file" = String, Path, description = "Its name", example = "start.js")),
    responses((status = 200, content_type = "*/*", body = String), Problems)
)]
#[get("/docs/{file}")]
#[expect(
    clippy::disallowed_types,
    reason = "any name is well-formed: there is no failure to turn into a problem"
)]
pub(crate) async fn file(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (media_type, bytes) = match name.as_str() {
        "start.js" => ("text/javascript".to_owned(), Bytes::from_static(START.as_bytes())),
        // Its own page has a script inside, which the policy forbids.
        "index.html" | "swagger-initializer.js" | "oauth2-redirect.html" => {
            return Err(Error::NotFound.into());
        }
        name => {
            let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()))
                .map_err(|_unconfigured| Problem::Internal)?
                .ok_or(Error::NotFound)?;
            let bytes = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            (file.content_type, bytes)
        }
    };
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(bytes))
}
