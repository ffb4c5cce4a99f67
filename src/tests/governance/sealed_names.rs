//! Seals hold for names as they are, whatever they look like.

use std::fs;

use super::sealing::{SEALING, Sealing, is_closed};

#[actix_web::test]
async fn names_that_look_like_others_are_sealed_as_they_are() {
    let sealing = Sealing::new(Some(SEALING)).await;
    let names = ["a%252Fb", "c:d.py", "dog%25step%2520%25x.png"];
    for name in names {
        assert_eq!(sealing.put(&format!("model/{name}"), "1").await.status, 200);
    }
    sealing.register("model").await.ok();
    sealing.move_to("1", "Staging").await.ok();
    for name in names {
        is_closed(&sealing.put(&format!("model/{name}"), "2").await);
        is_closed(&sealing.delete(&format!("model/{name}")).await);
    }
    // A name beside the folder is not in it, however it is written.
    assert_eq!(sealing.put("model%252Fnew", "1").await.status, 200);
    for name in ["a%2Fb", "c:d.py", "dog%step%20%x.png"] {
        fs::write(sealing.on_disk(&format!("model/{name}")), "2").unwrap();
    }
    let error = sealing.move_to("1", "Production").await.error();
    for name in ["a%2Fb", "c:d.py", "dog%step%20%x.png"] {
        assert!(
            error.contains(&format!("'{name}' has other bytes")),
            "{error}"
        );
    }
}

#[actix_web::test]
async fn an_address_that_is_read_in_two_ways_is_not_sealed() {
    let sealing = Sealing::new(Some(SEALING)).await;
    for folder in ["my%20model", "my%2520model"] {
        assert_eq!(
            sealing
                .put(&format!("{folder}/MLmodel"), folder)
                .await
                .status,
            200
        );
    }
    sealing.register("my%20model").await.ok();
    sealing.move_to("1", "Staging").await.ok();
    let error = sealing.move_to("1", "Production").await.error();
    assert!(error.contains("looks encoded"), "{error}");
    sealing.register("my model").await.ok();
    sealing.move_to("2", "Staging").await.ok();
    sealing.move_to("2", "Production").await.ok();
}
