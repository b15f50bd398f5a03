//! What is counted, for Prometheus: requests, statements, connections.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::http::{Method, StatusCode};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::ConstGauge,
        histogram::Histogram,
        info::Info,
    },
    registry::{Registry, Unit},
};
use service::{Database, database::PoolGauge, slow::SlowStatements};

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const REQUEST_SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
const QUERY_SECONDS: [f64; 12] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0];

/// By what requests are told apart. The count of the histogram is the number of requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

/// The counters of one process. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Request, Histogram, fn() -> Histogram>,
    queries: Histogram,
    failed_queries: Counter,
    pools: Pools,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests: fn() -> Histogram = || Histogram::new(REQUEST_SECONDS);
        let requests = Family::new_with_constructor(requests);
        let (queries, failed_queries, pools) =
            (Histogram::new(QUERY_SECONDS), Counter::default(), Pools::default());
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);

        let mut registry = Registry::default();
        registry.register("garboard_build", "What is running", build);
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register_with_unit(
            "database_query_duration",
            "Time of a statement",
            Unit::Seconds,
            queries.clone(),
        );
        registry.register(
            "database_query_failures",
            "Statements that failed",
            failed_queries.clone(),
        );
        registry.register_collector(Box::new(pools.clone()));
        Self { registry: Arc::new(registry), requests, queries, failed_queries, pools }
    }
}

impl Metrics {
    /// Counts a request that was answered.
    pub fn answered(&self, method: &Method, route: String, status: StatusCode, elapsed: Duration) {
        let request = Request { method: label(method), route, status: status.as_u16() };
        self.requests.get_or_create(&request).observe(elapsed.as_secs_f64());
    }

    /// Counts the statements and the connections of `database` from now on, and lets `slow` note which take long.
    pub fn watch(&self, database: &mut Database, slow: Arc<SlowStatements>) {
        let (queries, failures) = (self.queries.clone(), self.failed_queries.clone());
        database.on_statement(move |ran| {
            queries.observe(ran.elapsed.as_secs_f64());
            if ran.failed {
                failures.inc();
            }
            slow.note(ran);
        });
        self.pools.0.lock().unwrap_or_else(PoisonError::into_inner).push(database.pool_gauge());
    }

    /// Everything, in the text format of OpenMetrics.
    ///
    /// # Errors
    /// None that is known: writing to memory does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

/// Methods that nobody has heard of do not each make a series of their own.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The connections to the database, looked at when somebody asks.
#[derive(Clone, Debug, Default)]
struct Pools(Arc<Mutex<Vec<PoolGauge>>>);

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let (mut in_use, mut idle, mut waits) = (0, 0, 0);
        for pool in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let status = pool.status();
            in_use += i64::from(status.in_use);
            idle += i64::from(status.idle);
            waits += status.waits;
        }
        let mut family = encoder.encode_descriptor(
            "database_pool_connections",
            "Open connections",
            None,
            MetricType::Gauge,
        )?;
        for (state, count) in [("in_use", in_use), ("idle", idle)] {
            ConstGauge::new(count).encode(family.encode_family(&[("state", state)])?)?;
        }
        let counter = encoder.encode_descriptor(
            "database_pool_waits",
            "How often work found every connection taken",
            None,
            MetricType::Counter,
        )?;
        ConstCounter::new(waits).encode(counter)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_method_route_and_status() {
        let metrics = Metrics::default();
        for _ in 0..3 {
            let route = "/api/v1/projects/{id}".to_owned();
            metrics.answered(&Method::GET, route, StatusCode::OK, Duration::from_millis(2));
        }
        metrics.answered(
            &Method::from_bytes(b"BREW").unwrap(),
            "none".to_owned(),
            StatusCode::NOT_FOUND,
            Duration::ZERO,
        );

        let page = metrics.text().unwrap();
        for line in [
            r#"http_request_duration_seconds_count{method="GET",route="/api/v1/projects/{id}",status="200"} 3"#,
            r#"http_request_duration_seconds_bucket{le="0.001",method="GET",route="/api/v1/projects/{id}",status="200"} 0"#,
            r#"http_request_duration_seconds_count{method="other",route="none",status="404"} 1"#,
            r#"database_pool_connections{state="idle"} 0"#,
            "database_query_failures_total 0",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in {page}");
        }
    }
}
