//! The records of stacks: signed, for administrators alone, and never overwritten unseen.

use axum::body::Body;
use serde_json::json;

use crate::bench::{Bench, READER, SECRET};

#[tokio::test]
async fn a_record_is_kept_read_and_deleted() {
    let bench = Bench::new().await;
    let record = json!({"resources": {"Key": {"value": "x"}}});
    let put = bench.put("/tollgate/v1/stacks/shop", json!({"revision": 0, "record": record})).await.expect(200);
    assert_eq!(put, json!({"revision": 1}));
    let kept = bench.get("/tollgate/v1/stacks/shop").await.expect(200);
    assert_eq!((&kept["record"], &kept["revision"]), (&record, &json!(1)));
    let listed = bench.get("/tollgate/v1/stacks").await.expect(200);
    assert_eq!(listed["stacks"], json!([{"name": "shop", "revision": 1, "modified": kept["modified"]}]));
    bench.delete("/tollgate/v1/stacks/shop?revision=1").await.expect(202);
    bench.get("/tollgate/v1/stacks/shop").await.refused(404, "NotFoundException", "there is no stack of this name");
}

#[tokio::test]
async fn who_has_not_seen_the_last_change_makes_none() {
    let bench = Bench::new().await;
    let body = |revision: i64| json!({"revision": revision, "record": {}});
    bench.put("/tollgate/v1/stacks/shop", body(0)).await.expect(200);
    let moved = "the stack is being changed by somebody else";
    bench.put("/tollgate/v1/stacks/shop", body(0)).await.refused(409, "ConflictException", moved);
    bench.delete("/tollgate/v1/stacks/shop?revision=7").await.refused(409, "ConflictException", moved);
    bench.put("/tollgate/v1/stacks/shop", body(1)).await.expect(200);
}

#[tokio::test]
async fn records_are_for_administrators_who_sign() {
    let bench = Bench::new().await;
    let bare = http::Request::get("/tollgate/v1/stacks").body(Body::empty()).expect("a request");
    bench.send(bare).await.refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let reader = bench.send(bench.signed_by(READER, SECRET, "GET", "/tollgate/v1/stacks/shop", "")).await;
    assert_eq!((reader.status, reader.error.as_deref()), (403, Some("AccessDeniedException")));
}

#[tokio::test]
async fn what_is_no_record_is_refused() {
    let bench = Bench::new().await;
    for (path, body) in [
        ("/tollgate/v1/stacks/2shop", json!({"revision": 0, "record": {}})),
        ("/tollgate/v1/stacks/shop", json!({"record": {}})),
        ("/tollgate/v1/stacks/shop", json!({"revision": -1, "record": {}})),
        ("/tollgate/v1/stacks/shop", json!({"revision": 0})),
    ] {
        assert_eq!(bench.put(path, body.clone()).await.status, 400, "{path} {body}");
    }
    assert_eq!(bench.post("/tollgate/v1/stacks", json!({})).await.status, 404);
    assert_eq!(bench.delete("/tollgate/v1/stacks/shop").await.status, 400);
}
