//! Themes: administrators keep them, everyone who has signed in may use them.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, assert_snapshot};

#[rstest]
#[tokio::test]
async fn an_administrator_keeps_the_themes(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    let sea = json!({ "name": "Sea", "primaryColor": "#336699", "description": "Blue" });

    assert_snapshot!(ada.post("themes", sea.clone()).await.problem(), @"403 forbidden");
    let theme = root.post("themes", sea).await;
    assert_snapshot!(theme, @r##"
    201
    Location: /api/v1/themes/[id-1]
    {
      "id":"[id-1]",
      "name":"Sea",
      "primaryColor":"#336699",
      "description":"Blue",
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "##);
    let path = format!("themes/{}", theme.id());
    assert_eq!(ada.get(&path).await.json(), theme.json());
    assert_snapshot!(ada.patch(&path, json!({ "name": "Lake" })).await.problem(), @"403 forbidden");
    assert_snapshot!(root.patch(&path, json!({ "name": "Lake", "description": null })).await, @r##"
    200
    {
      "id":"[id-1]",
      "name":"Lake",
      "primaryColor":"#336699",
      "description":null,
      "createdAt":"[time]",
      "updatedAt":"[time]"
    }
    "##);
    assert_eq!([ada.delete(&path).await.status, root.delete(&path).await.status], [403, 204]);
}

#[rstest]
#[tokio::test]
async fn the_name_of_a_theme_is_taken_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);
    root.post("themes", json!({ "name": "Sea", "primaryColor": "#336699" })).await;
    let lake = root.post("themes", json!({ "name": "Lake", "primaryColor": "#336699" })).await.id();

    assert_snapshot!(root.post("themes", json!({ "name": "Sea", "primaryColor": "#000000" })).await.problem(), @"
    409 taken
        /name taken: another row already has this value
    ");
    assert_snapshot!(root.patch(format!("themes/{lake}"), json!({ "name": "Sea" })).await.problem(), @"
    409 taken
        /name taken: another row already has this value
    ");
    assert_eq!(app.count("theme").await, 2);
}

#[rstest]
#[tokio::test]
async fn a_color_is_six_hexadecimal_digits(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);

    for color in ["336699", "#369", "#33669g", "#3366999", "red", "#33669\u{e9}"] {
        let answer = root.post("themes", json!({ "name": "Sea", "primaryColor": color })).await;
        assert_eq!(answer.json()["errors"][0]["pointer"], "/primaryColor", "{color}: {answer}");
    }
    assert_eq!(app.count("theme").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_project_outlives_its_theme(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [ada, root] = app.users(["ada", "root"]);
    let sea = root.post("themes", json!({ "name": "Sea", "primaryColor": "#336699" })).await.id();
    let kite = ada.post("projects", json!({ "name": "Kite", "themeId": sea })).await.id();

    assert_eq!(root.delete(format!("themes/{sea}")).await.status, 204);
    assert_eq!(ada.get(format!("projects/{kite}")).await.json()["themeId"], Value::Null);
}
