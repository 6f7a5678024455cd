//! Whose credentials sign requests to AWS: the environment's, or a profile's of AWS's own files.
//!
//! What takes more than reading (SSO, roles, MFA) is left to a program: the profile's `credential_process`, or else the
//! AWS CLI, which knows all of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;
use tollgate_functions::signature::EndpointCredentials;

/// The environment, or what of it concerns AWS.
pub(crate) type Environment = BTreeMap<String, String>;

/// Credentials and the region that goes with them.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) credentials: EndpointCredentials,
    pub(crate) region: Option<String>,
}

/// A profile: the settings of its sections in both files.
type Profile = BTreeMap<String, String>;

impl Identity {
    /// Finds them as AWS's tools do: a profile that is asked for, the environment, the environment's or the default
    /// profile.
    pub(crate) fn find(environment: &Environment, profile: Option<&str>) -> anyhow::Result<Self> {
        let told = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        let region = told("AWS_REGION").or_else(|| told("AWS_DEFAULT_REGION"));
        if profile.is_none()
            && let Some((access_key_id, secret_access_key)) =
                told("AWS_ACCESS_KEY_ID").zip(told("AWS_SECRET_ACCESS_KEY"))
        {
            let session_token = told("AWS_SESSION_TOKEN");
            let credentials = EndpointCredentials { access_key_id, secret_access_key, session_token };
            return Ok(Self { credentials, region });
        }
        let name = profile.map(str::to_owned).or_else(|| told("AWS_PROFILE")).unwrap_or_else(|| "default".to_owned());
        let settings = read_profile(environment, &name)?;
        let region = region.or_else(|| settings.get("region").cloned());
        Ok(Self { credentials: credentials_of(&name, &settings)?, region })
    }
}

fn credentials_of(name: &str, settings: &Profile) -> anyhow::Result<EndpointCredentials> {
    let told = |setting: &str| settings.get(setting).cloned();
    if let Some((access_key_id, secret_access_key)) = told("aws_access_key_id").zip(told("aws_secret_access_key")) {
        let session_token = told("aws_session_token");
        return Ok(EndpointCredentials { access_key_id, secret_access_key, session_token });
    }
    if let Some(command) = told("credential_process") {
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]);
        return run(&mut shell).with_context(|| format!("the credential_process of the profile {name} failed"));
    }
    let mut cli = Command::new("aws");
    cli.args(["configure", "export-credentials", "--format", "process", "--profile", name]);
    run(&mut cli).with_context(|| {
        format!(
            "there are no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor keys of the profile \
             {name}, nor does the AWS CLI know any"
        )
    })
}

/// Runs a program that prints credentials as AWS's tools take them from one.
fn run(command: &mut Command) -> anyhow::Result<EndpointCredentials> {
    let output = command.output().context("it cannot be started")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let told: Value = serde_json::from_slice(&output.stdout).context("what it printed is no JSON")?;
    let text = |member: &str| told[member].as_str().map(str::to_owned);
    let access_key_id = text("AccessKeyId").context("it printed no AccessKeyId")?;
    let secret_access_key = text("SecretAccessKey").context("it printed no SecretAccessKey")?;
    Ok(EndpointCredentials { access_key_id, secret_access_key, session_token: text("SessionToken") })
}

/// The settings of a profile; those of the file of credentials come first. A profile that is in neither has none.
fn read_profile(environment: &Environment, name: &str) -> anyhow::Result<Profile> {
    let home = environment.get("HOME").map(PathBuf::from).unwrap_or_default();
    let place = |variable: &str, usual: &str| {
        environment.get(variable).map_or_else(|| home.join(".aws").join(usual), PathBuf::from)
    };
    let mut settings = read_file(&place("AWS_SHARED_CREDENTIALS_FILE", "credentials"), name)?;
    // Sections of this file are called after their kind.
    let section = if name == "default" { name.to_owned() } else { format!("profile {name}") };
    for (setting, value) in read_file(&place("AWS_CONFIG_FILE", "config"), &section)? {
        settings.entry(setting).or_insert(value);
    }
    Ok(settings)
}

fn read_file(path: &Path, section: &str) -> anyhow::Result<Profile> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(read_section(&text, section)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Profile::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The settings of a section. Lines that are set in belong to the setting above and are left out.
fn read_section(text: &str, wanted: &str) -> Profile {
    let mut settings = Profile::new();
    let mut within = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            within = section.split_whitespace().eq(wanted.split_whitespace());
            continue;
        }
        if let Some((name, value)) = trimmed.split_once('=').filter(|_| within && !line.starts_with([' ', '\t'])) {
            settings.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "
[default]
region = eu-west-1
# a remark
[profile  ci]
region=us-east-2
s3 =
  aws_access_key_id = not this one
credential_process = /opt/keys --json
[profile other]
aws_access_key_id = AKIAOTHER
";

    fn environment(folder: &Path) -> Environment {
        let file = |name: &str| folder.join(name).display().to_string();
        let pairs = [("AWS_CONFIG_FILE", file("config")), ("AWS_SHARED_CREDENTIALS_FILE", file("credentials"))];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn a_section_has_its_own_settings_and_no_others() {
        let settings = read_section(CONFIG, "profile ci");
        assert_eq!(settings["region"], "us-east-2");
        assert_eq!(settings["credential_process"], "/opt/keys --json");
        assert!(!settings.contains_key("aws_access_key_id"));
        assert_eq!(read_section(CONFIG, "profile nobody"), Profile::new());
    }

    #[test]
    fn a_profile_that_is_asked_for_comes_before_the_environment() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config"), "[profile ci]\nregion = us-east-2\n").expect("written");
        let keys = "[ci]\naws_access_key_id = AKIACI\naws_secret_access_key = secret\naws_session_token = token\n";
        std::fs::write(folder.path().join("credentials"), keys).expect("written");
        let mut environment = environment(folder.path());
        environment.insert("AWS_ACCESS_KEY_ID".to_owned(), "AKIAENV".to_owned());
        environment.insert("AWS_SECRET_ACCESS_KEY".to_owned(), "other".to_owned());
        let found = Identity::find(&environment, None).expect("credentials");
        assert_eq!((found.credentials.access_key_id.as_str(), found.region), ("AKIAENV", None));
        let found = Identity::find(&environment, Some("ci")).expect("credentials");
        assert_eq!(found.credentials.access_key_id, "AKIACI");
        assert_eq!(found.credentials.session_token.as_deref(), Some("token"));
        assert_eq!(found.region.as_deref(), Some("us-east-2"));
    }

    #[test]
    fn a_process_may_print_the_credentials() {
        let folder = tempfile::tempdir().expect("a folder");
        let process = r#"credential_process = echo '{"Version":1,"AccessKeyId":"AKIAP","SecretAccessKey":"s"}'"#;
        std::fs::write(folder.path().join("config"), format!("[default]\n{process}\n")).expect("written");
        let found = Identity::find(&environment(folder.path()), None).expect("credentials");
        assert_eq!(found.credentials.access_key_id, "AKIAP");
    }
}
