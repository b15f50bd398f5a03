//! The guides say what holds: their commands are run, their links followed.

use std::fs;
use std::path::Path;
use std::process::Command;

use rstest::rstest;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, PASSWORD};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(page: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(page)).expect("the page is there")
}

/// The blocks of a page that are written for bash.
fn commands(page: &str) -> Vec<String> {
    let page = read(page);
    let blocks = page.split("```bash\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Runs commands as a reader would paste them, but for the address and the password; the answers, as printed.
fn run(app: &App, commands: &str) -> String {
    let commands = commands
        .replace("http://127.0.0.1:8080", &app.url(""))
        .replace("\"demonstration\"", &format!("\"{PASSWORD}\""));
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands])
        .output()
        .expect("bash is there");
    assert!(output.status.success(), "{}\n{}", commands, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_of_the_readme_and_the_example_of_the_lists_work(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let app = App::start(backend).await;
    let blocks = commands("README.md");
    let tour = blocks.get(1).expect("the tour is the second block");

    let said = run(&app, tour);

    for part in [
        r#""tasks":[{"#,
        r#""clientName":"Harbour""#,
        r#"{"total":1,"active":1,"inactive":0,"archived":0}"#,
        r#""action":"restore""#,
        r#""pointer":"/colour""#,
    ] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
    assert_eq!(said.matches("/problems/").count(), 1, "one mistake was meant to be made:\n{said}");
    let (sign_in, _) = tour.split_once("# a project").expect("the tour begins with the sign-in");
    let example = commands("docs/lists.md").concat();
    let said = run(
        &app,
        &format!("{sign_in}\n{}", example.replace("\"Authorization: Bearer $TOKEN\"", "\"$AUTH\"")),
    );
    assert!(said.starts_with(r#"{"items":["#) && said.contains(r#""totalPages":"#), "{said}");
}

#[test]
fn the_links_of_the_guides_lead_somewhere() {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for page in fs::read_dir(Path::new(ROOT).join("docs")).expect("the guides are there") {
        pages.push(format!("docs/{}", page.expect("readable").file_name().display()));
    }
    for page in pages {
        let folder = Path::new(ROOT).join(&page);
        let folder = folder.parent().expect("a file is in a folder");
        for link in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            assert!(
                target.contains("://") || folder.join(target).exists(),
                "{page} links to {link}"
            );
        }
    }
}
