//! Lists of users.

use super::*;

#[rstest]
#[tokio::test]
async fn users_are_searched_filtered_and_ordered(#[values(Sqlite, Postgres)] backend: Backend) {
    let app = App::start(backend).await;
    let [root] = app.users(["root"]);
    app.execute(
        r#"UPDATE "user" SET name = 'Ada L%velace', username = 'ada.l' WHERE name = 'ada'"#,
    )
    .await;
    app.execute(r#"UPDATE "user" SET banned = (1 = 1) WHERE name IN ('bob', 'dan')"#).await;
    let found = async |query: &str| {
        let answer = root.get(format!("/api/auth/admin/list-users?{query}")).await;
        let body = answer.json();
        let users = body["users"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
        let names: Vec<_> = users
            .map(|user| user["email"].as_str().expect("text").replace("@example.com", ""))
            .collect();
        format!("{query} -> {} of {}", names.join(" "), body["total"])
    };
    let mut told = Vec::new();
    for query in [
        "",
        "limit=2",
        "limit=2&offset=6",
        "limit=nothing&offset=-1",
        "sortBy=email&sortDirection=desc&limit=3",
        "sortBy=username&limit=2",
        "sortBy=paymentsCustomerId",
        "sortBy=password",
        "searchValue=A",
        "searchValue=L%25VE&searchField=name",
        "searchValue=%25",
        "searchValue=d&searchOperator=starts_with",
        "searchValue=.COM&searchOperator=ends_with&limit=1",
        "searchValue=a&filterField=role&filterValue=admin",
        "filterField=role&filterValue=admin",
        "filterField=role&filterOperator=ne&filterValue=user",
        "filterField=banned&filterValue=true",
        "filterField=banned&filterOperator=contains&filterValue=t",
        "filterField=email&filterOperator=in&filterValue=ada@example.com&filterValue=bob@example.com",
        "filterField=email&filterOperator=not_in&filterValue=ada@example.com&filterValue=bob@example.com",
        "filterField=email&filterOperator=gte&filterValue=e",
        "filterField=name&filterOperator=contains&filterValue=a%20L",
        "filterField=createdAt&filterOperator=lt&filterValue=2020-01-01T00:00:00.000Z",
        "filterField=createdAt&filterOperator=lt&filterValue=never",
        "filterField=secret&filterValue=x",
        "filterValue=ada@example.com",
    ] {
        told.push(found(query).await);
    }
    assert_snapshot!(told.join("\n"), @"
     -> ada bob cat dan eve fay root of 7
    limit=2 -> ada bob of 7
    limit=2&offset=6 -> root of 7
    limit=nothing&offset=-1 -> ada bob cat dan eve fay root of 7
    sortBy=email&sortDirection=desc&limit=3 -> root fay eve of 7
    sortBy=username&limit=2 -> ada bob of 7
    sortBy=paymentsCustomerId ->  of 0
    sortBy=password ->  of 0
    searchValue=A -> ada bob cat dan eve fay root of 7
    searchValue=L%25VE&searchField=name -> ada of 1
    searchValue=%25 ->  of 0
    searchValue=d&searchOperator=starts_with -> dan of 1
    searchValue=.COM&searchOperator=ends_with&limit=1 -> ada of 7
    searchValue=a&filterField=role&filterValue=admin -> root of 1
    filterField=role&filterValue=admin -> root of 1
    filterField=role&filterOperator=ne&filterValue=user -> root of 1
    filterField=banned&filterValue=true -> bob dan of 2
    filterField=banned&filterOperator=contains&filterValue=t ->  of 0
    filterField=email&filterOperator=in&filterValue=ada@example.com&filterValue=bob@example.com -> ada bob of 2
    filterField=email&filterOperator=not_in&filterValue=ada@example.com&filterValue=bob@example.com -> cat dan eve fay root of 5
    filterField=email&filterOperator=gte&filterValue=e -> eve fay root of 3
    filterField=name&filterOperator=contains&filterValue=a%20L -> ada of 1
    filterField=createdAt&filterOperator=lt&filterValue=2020-01-01T00:00:00.000Z ->  of 0
    filterField=createdAt&filterOperator=lt&filterValue=never ->  of 0
    filterField=secret&filterValue=x ->  of 0
    filterValue=ada@example.com -> ada of 1
    ");

    let page = root.get("/api/auth/admin/list-users?limit=1&offset=1").await.json();
    assert_eq!(
        (&page["limit"], &page["offset"], &page["total"]),
        (&json!(1), &json!(1), &json!(7))
    );
    let page = root.get("/api/auth/admin/list-users").await.json();
    assert!(page.get("limit").is_none() && page.get("offset").is_none(), "{page}");
    for query in
        ["searchField=role", "searchOperator=like", "sortDirection=up", "filterOperator=regex"]
    {
        let answer = root.get(format!("/api/auth/admin/list-users?{query}")).await;
        assert_eq!(code(&answer), "400 VALIDATION_ERROR", "{query}");
    }
}
