//! The migrations are safe, or say in their source why a step is as it should be.

use std::path::Path;

use migration::{Migrator, MigratorTrait};
use workflow::lint::{Recorded, allow, lint};

#[tokio::test]
async fn no_migration_has_an_unsafe_step_without_a_reason() {
    let recorded = Recorded::record(Migrator::migrations).await;
    let names = recorded.names();
    let mut findings = lint(&recorded, &names, true);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    allow(&mut findings, &names, &sources).expect("the sources can be read");

    findings.retain(|finding| finding.allowed.is_none());
    let open = findings.iter().map(|finding| {
        let (migration, rule, subject) = (&finding.migration, finding.rule, &finding.subject);
        format!(
            "{migration}: {rule}: {subject}\n    {}\n",
            finding.statement.as_deref().unwrap_or_default()
        )
    });
    let open: String = open.collect();
    assert!(open.is_empty(), "`garboard db lint` says more:\n{open}");
    assert_eq!(names.len(), Migrator::migrations().len());
}
