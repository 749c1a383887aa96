//! The broker's list of rights follows the register: a sensor that was claimed is to be let in.

use std::{path::PathBuf, sync::Arc};

use model::Register;

use super::Site;
use crate::{acl, config::Config, disk::replace};

/// Writes the list that `mqtt.acl_file` names whenever another register is in force; without that key says when
/// somebody has to.
pub(super) fn keep(site: &mut Site<'_>) {
    let (config, mut in_force) = (site.config.clone(), site.in_force.subscribe());
    let mut stop = site.stopping_late.clone();
    let mut list = List { file: config.mqtt.acl_file.clone(), config, held: None };
    site.late.push(tokio::spawn(async move {
        loop {
            let register = Arc::clone(&in_force.borrow_and_update().register);
            let kept = tokio::task::spawn_blocking(move || {
                list.follow(&register);
                list
            });
            let Ok(kept) = kept.await else { return };
            list = kept;
            tokio::select! {
                changed = in_force.changed() => if changed.is_err() { return },
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
            }
        }
    }));
}

/// The list as it was last.
struct List {
    file: Option<PathBuf>,
    config: Config,
    held: Option<String>,
}

impl List {
    fn follow(&mut self, register: &Register) {
        let Ok(text) = acl::mosquitto(&self.config, register) else {
            return tracing::error!("the broker's list of rights stays as it is: the routes are wrong");
        };
        let is_first = self.held.is_none();
        if self.held.as_ref() == Some(&text) {
            return;
        }
        let Some(file) = &self.file else {
            // Whether the broker has such a list we cannot know.
            if !is_first {
                tracing::warn!(
                    "devices have changed: a broker with a list of rights needs it anew, see `normwatch register acl` \
                     (or set acl_file under [mqtt])"
                );
            }
            self.held = Some(text);
            return;
        };
        if std::fs::read_to_string(file).is_ok_and(|there| there == text) {
            self.held = Some(text);
            return;
        }
        let path = file.display();
        match replace(file, &text) {
            Ok(()) => {
                tracing::warn!(%path, "the broker's list of rights is written anew: have the broker read it (mosquitto: SIGHUP)");
                self.held = Some(text);
            }
            Err(error) => tracing::error!(
                %path, %error,
                "the broker's list of rights cannot be written: let the service write it, or write it with \
                 `normwatch register acl`"
            ),
        }
    }
}
