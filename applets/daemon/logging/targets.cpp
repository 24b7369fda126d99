#include "applets/daemon/logging/targets.h"

#include "base/log.h"

namespace incusd {

LogTargets::~LogTargets() {
  subscription_.reset();
  for (const auto& [name, target] : *targets_) target->stop();
}

void LogTargets::configure(const StringMap& config) {
  std::lock_guard guard(mutex_);
  Map next;
  for (const auto& [name, settings] : log_targets_of(config)) {
    auto current = targets_->find(name);
    bool same = current != targets_->end() && current->second->settings() == settings;
    auto target = same ? current->second : make(settings);
    if (target) next[name] = std::move(target);
  }
  for (const auto& [name, target] : *targets_) {
    auto kept = next.find(name);
    if (kept == next.end() || kept->second != target) target->stop();
  }
  targets_ = std::make_shared<const Map>(std::move(next));
  subscription_.reset();
  if (targets_->empty()) return;
  core::Events::Filter filter{.types = {"lifecycle", "logging", "network-acl"}, .project = {}, .all_projects = true, .visible_projects = {}};
  subscription_ = events_.listen(std::move(filter), [targets = targets_](const std::string& frame) {
    for (const auto& [name, target] : *targets) target->push(frame);
    return true;
  });
}

std::shared_ptr<LogTarget> LogTargets::make(const LogTargetSettings& settings) {
  auto target = LogTarget::create(runtime_, settings);
  if (target) return *target;
  log_error("Error creating logger", {{"err", target.error().message()}});
  return nullptr;
}

}  // namespace incusd
