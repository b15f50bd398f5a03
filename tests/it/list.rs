//! The grammar of lists, on a handful of projects.

mod body;
mod cursor;
mod export;
mod group;
mod relation;

use rstest::rstest;
use serde_json::json;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{App, Client, assert_snapshot};

/// Projects whose names sort differently by bytes and by language, and hold what patterns and SQL treat specially.
async fn start(backend: Backend) -> (App, Client) {
    let app = App::start(backend).await;
    let [ada] = app.users(["ada"]);
    for (name, client, status, public) in [
        ("Boat", Some("Wind Ltd"), "active", true),
        ("boathouse", None, "inactive", false),
        ("100%_off", Some("wind ltd"), "active", false),
        (r"back\slash", None, "archived", false),
        ("Épée (long): \"x\", y", Some("Sea & Sons"), "active", true),
        ("Zulu 'quoted'", Some("Sea*Sons"), "inactive", false),
    ] {
        let body =
            json!({ "name": name, "clientName": client, "status": status, "isPublic": public });
        let answer = ada.post("projects", body).await;
        assert_eq!(answer.status, 201, "{answer}");
    }
    (app, ada)
}

/// One line per query: the query, then the names of the projects it finds, sorted, or why it was refused.
async fn found(ada: &Client, queries: &[&str]) -> String {
    let mut lines = String::new();
    for query in queries {
        let answer = ada.get(format!("projects?sort=name&{query}")).await;
        let outcome =
            if answer.status == 200 { answer.each("name").join(" | ") } else { answer.problem() };
        let outcome = if outcome.is_empty() { "nothing" } else { &outcome };
        lines.extend([query, "\n    ", outcome, "\n"]);
    }
    lines
}

#[rstest]
#[tokio::test]
async fn a_page_says_where_it_is(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;

    assert_snapshot!(ada.get("projects?fields=name&limit=2&page=2&sort=name").await, @r#"
    200
    Link: </api/v1/projects?sort=name&fields=name&page=1&limit=2>; rel="first", </api/v1/projects?sort=name&fields=name&page=1&limit=2>; rel="prev", </api/v1/projects?sort=name&fields=name&page=3&limit=2>; rel="next", </api/v1/projects?sort=name&fields=name&page=3&limit=2>; rel="last"
    {
      "items":[
        {"id":"[id-1]","name":"Zulu 'quoted'"},
        {"id":"[id-2]","name":"back\\slash"}
      ],
      "total":6,
      "page":2,
      "limit":2,
      "totalPages":3
    }
    "#);
    assert_snapshot!(ada.get("projects?fields=name&limit=2&page=3&sort=-name").await, @r#"
    200
    Link: </api/v1/projects?sort=-name&fields=name&page=1&limit=2>; rel="first", </api/v1/projects?sort=-name&fields=name&page=2&limit=2>; rel="prev", </api/v1/projects?sort=-name&fields=name&page=3&limit=2>; rel="last"
    {
      "items":[
        {"id":"[id-1]","name":"Boat"},
        {"id":"[id-2]","name":"100%_off"}
      ],
      "total":6,
      "page":3,
      "limit":2,
      "totalPages":3
    }
    "#);
    assert_snapshot!(ada.get("projects?fields=name&limit=2&page=9").await, @r#"
    200
    Link: </api/v1/projects?fields=name&page=1&limit=2>; rel="first", </api/v1/projects?fields=name&page=3&limit=2>; rel="prev", </api/v1/projects?fields=name&page=3&limit=2>; rel="last"
    {"items":[],"total":6,"page":9,"limit":2,"totalPages":3}
    "#);
    assert_snapshot!(ada.get("projects?status=eq.archived&name=eq.Boat").await, @r#"
    200
    Link: </api/v1/projects?status=eq.archived&name=eq.Boat&page=1&limit=10>; rel="first", </api/v1/projects?status=eq.archived&name=eq.Boat&page=1&limit=10>; rel="last"
    {"items":[],"total":0,"page":1,"limit":10,"totalPages":0}
    "#);
}

#[rstest]
#[tokio::test]
async fn values_are_compared(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;

    let outcomes = found(
        &ada,
        &[
            "name=eq.Boat",
            "name=eq.boat",
            "name=ne.Boat",
            "name=not.eq.Boat",
            "clientName=ne.Wind%20Ltd",
            "clientName=not.eq.Wind%20Ltd",
            "name=gt.Z",
            "name=gte.Boat&name=lt.b",
            "name=lte.Boat",
            "name=in.(Boat,boathouse,nothing)",
            "name=in.()",
            "name=nin.(Boat,boathouse)",
            "name=nin.()",
            "clientName=nin.(nobody)",
            "name=between.(Boat,Zulu)",
            "name=not.between.(Boat,Zulu)",
            "clientName=is.null",
            "clientName=is.notnull",
            "clientName=not.is.null",
            "isPublic=is.true",
            "isPublic=is.false",
            "isPublic=eq.true",
            "status=eq.archived",
            "status=in.(archived,inactive)",
            "createdAt=gt.2020-01-01T00:00:00.000Z&updatedAt=lt.2120-01-01T00:00:00Z",
            "createdAt=lt.2020-01-01T01:00:00%2B01:00",
        ],
    )
    .await;
    insta::assert_snapshot!("values", outcomes);
}

#[rstest]
#[tokio::test]
async fn patterns_have_one_wildcard_and_everything_else_is_literal(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let (_app, ada) = start(backend).await;

    let outcomes = found(
        &ada,
        &[
            "name=like.Boat*",
            "name=like.boat*",
            "name=ilike.BOAT*",
            "name=ilike.*h*e",
            "name=like.Boat",
            "name=like.*",
            "name=like.",
            "name=like.*%25*",
            "name=like.%25",
            "name=like.*_*",
            "name=like._____",
            "name=like.*%5C*",
            "name=like.*[a-z]*",
            "name=like.?oat",
            "name=ilike.%C3%89p*",
            "name=ilike.%C3%A9p*",
            "name=contains.oat",
            "name=contains.OAT",
            "name=icontains.OAT",
            "name=contains.%25_",
            "clientName=contains.*",
            "clientName=icontains.*S",
            "name=startswith.Boat",
            "name=istartswith.BOAT",
            "name=startswith.100%25",
            "name=not.icontains.oat",
        ],
    )
    .await;
    insta::assert_snapshot!("patterns", outcomes);
}

#[rstest]
#[tokio::test]
async fn groups_combine_and_quotes_protect(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;

    let outcomes = found(
        &ada,
        &[
            "or=(status.eq.archived,name.eq.Boat)",
            "and=(status.eq.active,isPublic.is.true)",
            "not.or=(status.eq.archived,name.eq.Boat)",
            "not.and=(status.eq.active,isPublic.is.true)",
            "or=(status.eq.archived,and(name.ilike.*oat*,isPublic.is.false))",
            "or=(not.and(status.eq.active,isPublic.is.true),name.eq.Boat)",
            "or=(name.not.ilike.*oat*,clientName.is.null)",
            "or=(name.eq.Boat)&or=(name.eq.boathouse)",
            "or=(name.in.(Boat,boathouse),status.eq.archived)",
            "or=(name.between.(Boat,Boaz),status.eq.archived)",
            r#"or=(name.eq."Épée (long): \"x\", y",name.eq.Boat)"#,
            r#"name=in.("Épée (long): \"x\", y","back\\slash")"#,
            "or=(name.eq.\"Zulu 'quoted'\")",
            "name=eq.Zulu%20'quoted'",
            "or=(and(or(and(name.eq.Boat))))",
        ],
    )
    .await;
    insta::assert_snapshot!("groups", outcomes);
}

#[rstest]
#[tokio::test]
async fn rows_are_sorted_the_same_everywhere(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;
    let sorted =
        async |sort: &str| ada.get(format!("projects?sort={sort}")).await.each("name").join(" | ");

    assert_snapshot!(sorted("name").await, @r#"100%_off | Boat | Zulu 'quoted' | back\slash | boathouse | Épée (long): "x", y"#);
    assert_snapshot!(sorted("-name").await, @r#"Épée (long): "x", y | boathouse | back\slash | Zulu 'quoted' | Boat | 100%_off"#);
    assert_snapshot!(sorted("clientName,name").await, @r#"Épée (long): "x", y | Zulu 'quoted' | Boat | 100%_off | back\slash | boathouse"#);
    assert_snapshot!(sorted("-clientName,name").await, @r#"100%_off | Boat | Zulu 'quoted' | Épée (long): "x", y | back\slash | boathouse"#);
    assert_snapshot!(sorted("clientName.nullsfirst,-name").await, @r#"boathouse | back\slash | Épée (long): "x", y | Zulu 'quoted' | Boat | 100%_off"#);
    assert_snapshot!(sorted("status,-createdAt").await, @r#"Épée (long): "x", y | 100%_off | Boat | back\slash | Zulu 'quoted' | boathouse"#);
    assert_snapshot!(sorted("-id").await, @r#"Zulu 'quoted' | Épée (long): "x", y | back\slash | 100%_off | boathouse | Boat"#);
    let newest_first = ada.get("projects").await.each("name");
    assert_eq!(newest_first.join(" | "), sorted("-id").await);
}

#[rstest]
#[tokio::test]
async fn members_are_chosen_and_relations_embedded(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;
    let boat = ada.get("projects?name=eq.Boat").await.each("id").concat();
    ada.post("tasks", json!({ "projectId": boat, "title": "Caulk" })).await;

    assert_snapshot!(ada.get("projects?name=eq.Boat&fields=name,status&include=owner,tasks,theme,organization,members").await, @r#"
    200
    Link: </api/v1/projects?name=eq.Boat&fields=name,status&include=owner,tasks,theme,organization,members&page=1&limit=10>; rel="first", </api/v1/projects?name=eq.Boat&fields=name,status&include=owner,tasks,theme,organization,members&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","name":"Boat","status":"active","owner":{"id":"[ada]","name":"ada","image":null,"username":null,"createdAt":"[time]","updatedAt":"[time]"},"tasks":[{"id":"[id-2]","projectId":"[id-1]","title":"Caulk","description":null,"done":false,"estimateMinutes":null,"createdAt":"[time]","updatedAt":"[time]"}],"theme":null,"organization":null,"members":[]}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_snapshot!(ada.get("projects?name=istartswith.boat&sort=name&fields=id&include=tasks").await, @r#"
    200
    Link: </api/v1/projects?name=istartswith.boat&sort=name&fields=id&include=tasks&page=1&limit=10>; rel="first", </api/v1/projects?name=istartswith.boat&sort=name&fields=id&include=tasks&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","tasks":[{"id":"[id-2]","projectId":"[id-1]","title":"Caulk","description":null,"done":false,"estimateMinutes":null,"createdAt":"[time]","updatedAt":"[time]"}]},
        {"id":"[id-3]","tasks":[]}
      ],
      "total":2,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_snapshot!(ada.get("tasks?fields=title&include=project").await, @r#"
    200
    Link: </api/v1/tasks?fields=title&include=project&page=1&limit=10>; rel="first", </api/v1/tasks?fields=title&include=project&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","title":"Caulk","project":{"id":"[id-2]","name":"Boat","description":null,"clientName":"Wind Ltd","status":"active","isPublic":true,"ownerId":"[ada]","organizationId":null,"themeId":null,"createdAt":"[time]","updatedAt":"[time]"}}
      ],
      "total":1,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
}

#[rstest]
#[tokio::test]
async fn what_is_not_understood_is_refused_by_name(#[values(Sqlite, Postgres)] backend: Backend) {
    let (_app, ada) = start(backend).await;

    let outcomes = found(
        &ada,
        &[
            "colour=eq.red",
            "deletedAt=is.null",
            "owner.email=eq.a",
            "name=Boat",
            "name=resembles.Boat",
            "name=",
            "name=is.true",
            "name=is.empty",
            "isPublic=eq.maybe",
            "isPublic=like.t*",
            "status=eq.lost",
            "status=in.(active,lost)",
            "ownerId=eq.ada",
            "ownerId=like.0*",
            "createdAt=gt.yesterday",
            "createdAt=gt.2020-13-01T00:00:00Z",
            "name=in.Boat",
            "name=in.(Boat",
            "name=in.(Boat)x",
            "name=in.(\"Boat)",
            "name=between.(a)",
            "or=name.eq.Boat",
            "or=()",
            "or=(name.eq.Boat",
            "or=(name)",
            "or=(colour.eq.red)",
            "or=(and(or(and(or(name.eq.Boat)))))",
            "fields=",
            "fields=colour",
            "fields=deletedAt",
            "include=colour",
            "include=owner,owner",
            "include=owner.projects",
            "page=0",
            "page=-1",
            "page=x",
            "page=1.5",
            "page=99999999999999999999",
            "limit=0",
            "limit=101",
            "page=101&limit=100",
            "limit=5&limit=6",
            "cursor=x",
            "cursor=&page=1",
            "count=all",
            "highlight=true",
            "highlight=yes",
            "having=count().gt.1",
            "select=count()",
            "groupBy=status",
            "tasks=eq.x",
            "tasks=is.null",
            "tasks.colour=eq.red",
            "colours.name=eq.red",
            "tasks.project.owner.name=eq.ada",
            "or=(tasks.done.is.true,name)",
            "or=(in.eq.a)",
            "name=eq.%00",
            "name=eq.%FF",
            "name=eq.%C3%28",
        ],
    )
    .await;
    insta::assert_snapshot!("refusals", outcomes);
    for (query, parameter) in [
        ("sort=colour", "sort"),
        ("sort=description", "sort"),
        ("sort=name,", "sort"),
        ("sort=name,status,clientName,id,createdAt,updatedAt", "sort"),
        ("sort=name&sort=status", "sort"),
    ] {
        let answer = ada.get(format!("projects?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["parameter"]),
            (400, &json!(parameter)),
            "{answer}"
        );
    }
    let values = format!("projects?name=in.({})", vec!["x"; 101].join(","));
    assert_snapshot!(ada.get(values).await.problem(), @"
    400 bad-query
        name parameter: 101 values are too many: at most 100 are allowed
    ");
    let predicates = format!("projects?or=({})", vec!["name.eq.x"; 51].join(","));
    assert_snapshot!(ada.get(predicates).await.problem(), @"
    400 bad-query
        or parameter: 51 predicates are too many: at most 50 are allowed
    ");
    let long = format!("projects?name=eq.{}", "x".repeat(9_000));
    assert_snapshot!(ada.get(long).await.problem(), @"400 bad-query");
    assert_snapshot!(ada.get("projects?colour=eq.red").await.problem(), @r#"
    400 bad-query
        colour parameter: "colour" cannot be filtered; these can: id, name, description, clientName, status, isPublic, ownerId, organizationId, themeId, createdAt, updatedAt; and through relations: owner, organization, theme, tasks, members
    "#);
}

#[rstest]
#[tokio::test]
async fn a_list_counts_only_what_its_reader_sees(#[values(Sqlite, Postgres)] backend: Backend) {
    let (app, _ada) = start(backend).await;
    let [bob] = app.users(["bob"]);

    let list = bob.get("projects?sort=name&fields=name").await;
    assert_snapshot!(list, @r#"
    200
    Link: </api/v1/projects?sort=name&fields=name&page=1&limit=10>; rel="first", </api/v1/projects?sort=name&fields=name&page=1&limit=10>; rel="last"
    {
      "items":[
        {"id":"[id-1]","name":"Boat"},
        {"id":"[id-2]","name":"Épée (long): \"x\", y"}
      ],
      "total":2,
      "page":1,
      "limit":10,
      "totalPages":1
    }
    "#);
    assert_eq!(bob.get("projects?isPublic=is.false").await.total(), 0);
    assert_eq!(bob.get("projects?or=(isPublic.is.false,isPublic.is.true)").await.total(), 2);
}
