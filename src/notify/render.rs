//! Renders a plan into a letter: headers here, layout in `templates/mail`, words in `locales`.

use std::path::{Path, PathBuf};

use minijinja::{Environment, Value, context, syntax::SyntaxConfig, value::Serde};
use model::register::Severity;

use super::{
    Letter, MailPlan,
    page::{Page, page},
    plan::thread_key,
};

/// The templates of mails, compiled in.
const BUILT_IN: [(&str, &str); 2] = [
    ("alert.txt", include_str!("../../templates/mail/alert.txt")),
    ("alert.html", include_str!("../../templates/mail/alert.html")),
];

/// More thread ids than this would only lengthen the header.
const MAX_REFERENCES: usize = 20;

/// Who sends, and where the alert's page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The `From` of every mail: an address, or `Name <address>`.
    pub from: String,
    /// Base of links, such as `https://normwatch.example.org`; without it mails have no link.
    pub public_url: Option<String>,
}

/// Why a mail could not be put into words.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template of the operator cannot be read.
    #[error("mail template {} cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A template is wrong; the source names its line.
    #[error("mail template {name} is wrong")]
    Template {
        /// Which template.
        name: String,
        /// Why.
        source: minijinja::Error,
    },
}

/// Puts plans into words.
#[derive(Debug)]
pub struct Renderer {
    templates: Environment<'static>,
    sender: Sender,
}

impl Renderer {
    /// A renderer with the built-in templates, or with those files of `overrides` that have their names
    /// (`alert.txt`, `alert.html`).
    ///
    /// # Errors
    /// Returns [`RenderError`] when an overriding file cannot be read or is no template.
    pub fn new(sender: Sender, overrides: Option<&Path>) -> Result<Self, RenderError> {
        let mut templates = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        templates.set_syntax(
            syntax.map_err(|source| RenderError::Template { name: "syntax".to_owned(), source })?,
        );
        for (name, built_in) in BUILT_IN {
            let path = overrides.map(|dir| dir.join(name)).filter(|path| path.exists());
            let source = match path {
                Some(path) => {
                    std::fs::read_to_string(&path).map_err(|source| RenderError::Read { path, source })?
                }
                None => built_in.to_owned(),
            };
            let wrong = |source| RenderError::Template { name: name.to_owned(), source };
            templates.add_template_owned(name, source).map_err(wrong)?;
        }
        Ok(Self { templates, sender })
    }

    /// The letter of a plan.
    ///
    /// # Errors
    /// Returns [`RenderError`] when a template asks for something that a mail does not have.
    pub fn letter(&self, plan: &MailPlan) -> Result<Letter, RenderError> {
        let page = page(plan, self.sender.public_url.as_deref());
        self.letter_of(plan, &page)
    }

    pub(super) fn letter_of(&self, plan: &MailPlan, page: &Page) -> Result<Letter, RenderError> {
        let key = plan.key();
        let answers: Vec<String> = plan.answers.iter().map(|key| self.message_id(key)).collect();
        Ok(Letter {
            message_id: self.message_id(&key),
            key,
            date: plan.due,
            from: self.sender.from.clone(),
            to: plan.addressee.mail.clone(),
            subject: one_line(&page.subject),
            text: self.fill("alert.txt", page)?,
            html: self.fill("alert.html", page)?,
            in_reply_to: answers.last().cloned(),
            references: self.references(plan, answers),
            headers: self.headers(plan),
        })
    }

    fn fill(&self, name: &str, page: &Page) -> Result<String, RenderError> {
        let wrong = |source| RenderError::Template { name: name.to_owned(), source };
        let template = self.templates.get_template(name).map_err(wrong)?;
        template.render(context! { page => Value::from(Serde(page)) }).map_err(wrong)
    }

    fn message_id(&self, key: &str) -> String {
        format!("<{key}@{}>", domain(&self.sender.from))
    }

    /// The thread of each alert, then the mails that this one answers.
    fn references(&self, plan: &MailPlan, answers: Vec<String>) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for line in &plan.lines {
            let thread = self.message_id(&thread_key(&plan.addressee.id, &line.notice.alert));
            if !ids.contains(&thread) && ids.len() < MAX_REFERENCES {
                ids.push(thread);
            }
        }
        let newest = answers.len().saturating_sub(MAX_REFERENCES);
        ids.extend(answers.into_iter().skip(newest));
        ids
    }

    fn headers(&self, plan: &MailPlan) -> Vec<(String, String)> {
        let header = |name: &str, value: String| (name.to_owned(), value);
        let mut headers = vec![
            header("X-Normwatch-Transition", plan.ids().join(", ")),
            header("Auto-Submitted", "auto-generated".to_owned()),
            // Keeps out-of-office replies of Exchange away from the sender's box.
            header("X-Auto-Response-Suppress", "All".to_owned()),
            header("List-Id", format!("normwatch alerts <alerts.{}>", domain(&self.sender.from))),
        ];
        let is_critical = plan.lines.iter().any(|l| l.notice.clause.severity == Severity::Critical);
        if is_critical && plan.kind == super::MailKind::Changes {
            headers.push(header("Importance", "high".to_owned()));
        }
        headers
    }
}

/// The domain of the sender's address, for ids.
fn domain(from: &str) -> String {
    let domain = from.rsplit_once('@').map_or("", |(_, rest)| rest);
    let clean: String =
        domain.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if clean.is_empty() { "normwatch.invalid".to_owned() } else { clean }
}

/// A label of the register may hold anything; a subject is one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
