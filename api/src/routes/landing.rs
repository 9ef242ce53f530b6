//! `GET /`: where to go from here.

use axum::{response::Html, routing::get};

use super::{Endpoint, Operation};

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: "/",
        methods: get(|| async { Html(PAGE) }),
        operations: vec![Operation::open(
            "/",
            "landing",
            "Where to go from here.",
            "text/html",
        )],
    }
}

const PAGE: &str = r#"<!doctype html>
<html lang="nb">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stegspor</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<main>
<h1>Stegspor</h1>
<p>Én uforanderlig logg over veiene gjennom Steg for Steg, og svar av den: som det var en dag, slik
det var kjent et øyeblikk.</p>
<p lang="en">One immutable log of the journeys through Steg for Steg, and answers from it: as of any
day, as known at any moment.</p>
<nav>
<ul>
<li><a href="/docs">Grensesnittet / the interface</a></li>
<li><a href="/openapi.json">OpenAPI 3.1</a></li>
<li><a href="/health/ready">Tilstand / health</a></li>
</ul>
</nav>
</main>
</body>
</html>
"#;
