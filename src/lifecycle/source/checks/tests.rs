use std::fs;
use std::os::unix::fs::symlink;

use super::*;

const ROOT: &str = "mlflow-artifacts:/1/run/artifacts";

fn of_run(source: &str, run_id: &str, root: &str) -> Result<()> {
    check(source, Origin::Run(run_id), |_| Ok(Some(root.to_owned())))
}

fn of_model(source: &str, model_id: &str, root: &str) -> Result<()> {
    check(source, Origin::Model(model_id), |_| {
        Ok(Some(root.to_owned()))
    })
}

#[test]
fn proxied_sources_lie_under_the_root_of_their_run() {
    for source in [
        "mlflow-artifacts:/1/run/artifacts",
        "mlflow-artifacts:/1/run/artifacts/model",
        "mlflow-artifacts:/1//run/artifacts/model/",
        "mlflow-artifacts:/1/%72un/artifacts/model",
        "MLFLOW-ARTIFACTS:/1/run/artifacts/model",
    ] {
        assert!(of_run(source, "run", ROOT).is_ok(), "{source}");
        assert!(of_model(source, "m-1", ROOT).is_ok(), "{source}");
    }
    for source in [
        "mlflow-artifacts:/1/run",
        "mlflow-artifacts:/1/run/artifactsx",
        "mlflow-artifacts:/1/other/artifacts",
        "mlflow-artifacts:/",
        "mlflow-artifacts://host/1/run/artifacts",
        "http://host/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts",
        "https://host/x/api/2.0/%6dlflow-artifacts/artifacts/1/run/artifacts",
    ] {
        assert!(of_run(source, "run", ROOT).is_err(), "{source}");
        assert!(of_model(source, "m-1", ROOT).is_err(), "{source}");
    }
    let unknown = |id: &str| check(ROOT, Origin::Run(id), |_| Ok(None));
    assert_eq!(unknown("run").unwrap_err(), not_of(ROOT, "run_id"));
    assert_eq!(unknown("").unwrap_err(), not_of(ROOT, "run_id"));
    // A root that is the whole store holds the artifacts of everybody.
    assert!(of_run("mlflow-artifacts:/1", "run", "mlflow-artifacts:/").is_err());
}

#[test]
fn traversal_is_refused_however_it_is_written() {
    for source in [
        "s3://bucket/a/../b",
        "s3://bucket/..",
        "s3://../a",
        "s3://bucket/%2e%2e/b",
        "s3://bucket/%252e%252e/b",
        "s3://bucket/..%2fb",
        "s3://bucket/%25252e%25252e%25252fb",
        "s3://bucket/a%00",
        "s3://bucket/./a",
        "s3://bucket/a?x=/../y",
        "s3://bucket/a#/../y",
        "s3://bucket",
        "s3://bucket/",
        "s3:bucket/a",
        "mlflow-artifacts:1/run/artifacts",
        "mlflow-artifacts:/1/run/artifacts/../../other",
        "mlflow-artifacts:/1/run/artifacts/%2e%2e/%2e%2e/other",
        "models:name/1",
        "runs:run/model",
        "dbfs:/a/../b",
    ] {
        let error = of_run(source, "run", ROOT).unwrap_err();
        assert!(error.message.contains("relative path"), "{source}: {error}");
        assert!(of_model(source, "m-1", ROOT).is_err(), "{source}");
    }
    for source in [
        "s3://bucket/a..b/c",
        "s3://bucket/a+b",
        "s3://bucket/a%20b",
        "s3://b//a",
    ] {
        assert!(of_run(source, "", ROOT).is_ok(), "{source}");
    }
}

#[test]
fn runs_and_models_are_those_that_the_version_names() {
    for (source, run_id, allowed) in [
        ("runs:/run/model", "run", true),
        ("runs:/run", "run", true),
        ("runs:/run/model", "other", false),
        ("runs:/run/model", "", false),
        ("runs://profile/run/model", "run", false),
        ("runs:////run/model", "run", false),
        ("models:/name/1", "", true),
        ("models:/m-1", "run", false),
        ("models://host/name/1", "run", false),
    ] {
        assert_eq!(
            of_run(source, run_id, ROOT).is_ok(),
            allowed,
            "{source} {run_id}"
        );
    }
    for (source, model_id, allowed) in [
        ("models:/m-1", "m-1", true),
        ("models:/m-1", "m-2", false),
        ("models:/name/1", "m-1", true),
        ("models://host/m-1", "m-1", false),
        ("models:/a/b/c", "m-1", false),
        ("runs:/run/model", "m-1", false),
    ] {
        assert_eq!(
            of_model(source, model_id, ROOT).is_ok(),
            allowed,
            "{source} {model_id}"
        );
    }
}

#[test]
fn local_sources_lie_in_the_folder_of_their_run() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("run/artifacts");
    fs::create_dir_all(&root).unwrap();
    fs::create_dir_all(folder.path().join("other")).unwrap();
    symlink(folder.path().join("other"), root.join("link")).unwrap();
    symlink(&root, folder.path().join("way-in")).unwrap();
    let root = root.display().to_string();
    let folder = folder.path().display().to_string();
    for source in [
        root.clone(),
        format!("{root}/model"),
        format!("file://{root}/model"),
        format!("file:{root}/model"),
        format!("file://localhost{root}/model"),
        format!("{root}/a/../model"),
        format!("{folder}/way-in/model"),
    ] {
        assert_eq!(of_run(&source, "run", &root), Ok(()), "{source}");
        assert_eq!(of_model(&source, "m-1", &root), Ok(()), "{source}");
        assert!(of_run(&source, "", &root).is_err(), "{source}");
        assert!(of_run(&source, "run", ROOT).is_err(), "{source}");
    }
    for source in [
        "/etc/passwd".to_owned(),
        "relative".to_owned(),
        "..".to_owned(),
        folder.clone(),
        format!("{root}x"),
        format!("{root}/../other"),
        format!("{root}/%2e%2e/other"),
        format!("{root}/link"),
        format!("{root}/link/a"),
        format!("file://{root}/link"),
        format!("file://{root}/../../other"),
        format!("file://host{root}/model"),
        format!("{root}/\0"),
    ] {
        assert!(of_run(&source, "run", &root).is_err(), "{source}");
        assert!(of_model(&source, "m-1", &root).is_err(), "{source}");
    }
}
