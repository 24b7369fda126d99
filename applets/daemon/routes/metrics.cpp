// Measurements of instances, projects and the daemon itself, for scrapers.
#include "applets/daemon/jobs/job.h"
#include "applets/daemon/metrics_cache.h"
#include "applets/daemon/route.h"
#include "core/gate.h"
#include "core/metrics.h"
#include "db/projects.h"
#include "db/warnings.h"
#include "instance/manager.h"
#include "storage/pool.h"

namespace incusd {
namespace {

using core::Metric;

void add_project(core::MetricSet& set, db::Tx& tx, const db::projects::Row& project) {
  struct Count {
    const char *resource, *sql;
  };
  static constexpr Count kCounts[] = {
      {"containers", "SELECT count(*) FROM instances WHERE type = 0 AND project_id = ?"},
      {"virtual-machines", "SELECT count(*) FROM instances WHERE type = 1 AND project_id = ?"},
      {"images", "SELECT count(*) FROM images WHERE project_id = ?"},
      {"profiles", "SELECT count(*) FROM profiles WHERE project_id = ?"},
      {"networks", "SELECT count(*) FROM networks WHERE project_id = ?"},
      {"storage-volumes", "SELECT count(*) FROM storage_volumes WHERE project_id = ?"},
      {"storage-buckets", "SELECT count(*) FROM storage_buckets WHERE project_id = ?"},
  };
  for (const Count& count : kCounts) {
    auto number = tx.query_integer(count.sql, {project.id});
    if (number) set.add(Metric::project_resources, static_cast<double>(number->value_or(0)), {{"project", project.name}, {"resource", count.resource}});
  }
  auto usage = core::gate::usage(tx, project.name);
  if (!usage) return;
  for (const auto& [resource, state] : usage->resources) {
    StringMap labels = {{"project", project.name}, {"resource", resource}};
    if (state.limit >= 0) set.add(Metric::project_limit, static_cast<double>(state.limit), labels);
    set.add(Metric::project_usage, static_cast<double>(state.usage), labels);
  }
}

Result<> add_server(core::MetricSet& set, Daemon& daemon) {
  TRY(daemon.global->read([&](db::Tx& tx) -> Result<> {
    set.add(Metric::warnings, static_cast<double>(TRY(db::warnings::load_all(tx)).size()));
    for (const auto& project : TRY(db::projects::load_all(tx))) add_project(set, tx, project);
    return {};
  }));
  set.add(Metric::operations, static_cast<double>(daemon.operations->all().size()));
  for (const std::string& name : daemon.pools->names()) {
    auto pool = daemon.pools->load(name);
    auto space = pool ? (*pool)->space() : Result<storage::Pool::Space>(std::unexpected(pool.error()));
    if (!space) continue;
    StringMap labels = {{"pool", name}, {"driver", (*pool)->driver()}};
    set.add(Metric::storage_pool_used, static_cast<double>(space->used), labels);
    set.add(Metric::storage_pool_size, static_cast<double>(space->total), labels);
  }
  set.add(Metric::time, static_cast<double>(Timestamp::now().seconds));
  set.add(Metric::uptime, std::chrono::duration<double>(Clock::now() - daemon.started).count());
  return {};
}

/// For all guests together that are asked for what only they know: who scrapes gets what is there then.
constexpr seconds kPatience{2};

Result<Reply> get_metrics(Call& call) {
  bool open = is_false(get_or(*call.daemon.config.get(), "core.metrics_authentication"));
  if (!open) TRY(call.identity.check({.type = "server", .project = {}, .name = {}}, "can_view_metrics"));
  core::MetricSet set;
  bool all = open || call.identity.admin;
  if (all) TRY(add_server(set, call.daemon));
  Context patient = call.ctx.with_timeout(kPatience);
  for (const auto& instance : call.daemon.instances->list(call.query("project"))) {
    if (all || call.identity.can_see_project(instance->project())) set.merge(call.daemon.jobs->background().metrics->of(patient, *instance));
  }
  http::Response response;
  response.headers.set("Content-Type", "text/plain");
  response.body = set.render();
  return raw(std::move(response));
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/metrics", kUntrusted, kNoFlags, get_metrics, "Measurements (OpenMetrics)"},
};

}  // namespace

extern const Routes metric_routes = kRoutes;

}  // namespace incusd
