//! Everything that a kill switch can stop, and how it stands there.

use perflab_model::{
    kill_switch::{KillBoard, KillPlace, KillScope},
    problem::Problem,
};

use crate::{Lab, trouble::Told as _};

impl Lab {
    /// The whole lab, then each environment, with the switch that holds there and the load that it would stop.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn kill_board(&self) -> Result<KillBoard, Problem> {
        let switches = self.kill_switches().await?;
        let pulled = |scope: &KillScope| switches.pulled.iter().find(|switch| switch.scope == *scope).cloned();
        let mut lab =
            KillPlace { pulled: pulled(&KillScope::Lab), scope: KillScope::Lab, under_way: Vec::new(), waiting: 0 };
        let mut places = Vec::new();
        for (id, project) in self.db.projects().await.told()? {
            for (environment, document) in self.db.environments(id).await.told()? {
                let queue = self.db.environment_queue(environment).await.told()?;
                let scope = KillScope::Environment { project: project.clone(), environment: document.name };
                let under_way: Vec<u64> = queue.running.into_iter().collect();
                lab.under_way.extend(&under_way);
                lab.waiting += queue.waiting;
                places.push(KillPlace { pulled: pulled(&scope), scope, under_way, waiting: queue.waiting });
            }
        }
        places.insert(0, lab);
        Ok(KillBoard { places, released: switches.released })
    }
}
