#include "core/event.h"

#include <list>
#include <mutex>

#include "core/location.h"

namespace core {

struct Events::Impl {
  struct Entry {
    Filter filter;
    Listener listener;
  };
  std::mutex mutex;
  std::list<std::shared_ptr<Entry>> entries;

  void remove(const std::shared_ptr<Entry>& entry) {
    std::lock_guard guard(mutex);
    entries.remove(entry);
  }
};

Events::Events() : impl_(std::make_shared<Impl>()) {}
Events::~Events() = default;

std::shared_ptr<void> Events::listen(Filter filter, Listener listener) {
  auto entry = std::make_shared<Impl::Entry>(std::move(filter), std::move(listener));
  {
    std::lock_guard guard(impl_->mutex);
    impl_->entries.push_back(entry);
  }
  // The handle may outlive the hub.
  return std::shared_ptr<void>(entry.get(), [entry, hub = std::weak_ptr(impl_)](void*) {
    if (auto impl = hub.lock()) impl->remove(entry);
  });
}

namespace {

bool wants(const Events::Filter& filter, const std::string& type, const std::string& project) {
  if (!contains(filter.types, type)) return false;
  if (project.empty()) return true;
  if (filter.all_projects) return filter.visible_projects.empty() || contains(filter.visible_projects, project);
  return filter.project == project;
}

std::string frame_of(const std::string& type, const std::string& project, const std::string& metadata) {
  std::string frame = "{\"type\":";
  api::append_json_string(frame, type);
  frame += ",\"timestamp\":\"" + Timestamp::now().rfc3339() + "\",\"metadata\":" + metadata;
  if (!location().empty()) frame += ",\"location\":\"" + location() + "\"";
  if (!project.empty()) {
    frame += ",\"project\":";
    api::append_json_string(frame, project);
  }
  return frame + "}";
}

}  // namespace

void Events::send(const std::string& type, const std::string& project, const std::string& metadata) {
  std::vector<std::shared_ptr<Impl::Entry>> targets;
  {
    std::lock_guard guard(impl_->mutex);
    for (const auto& entry : impl_->entries) {
      if (wants(entry->filter, type, project)) targets.push_back(entry);
    }
  }
  if (targets.empty()) return;
  // Delivered outside the lock: a listener may log, which comes back here.
  std::string frame = frame_of(type, project, metadata);
  for (const auto& entry : targets) {
    if (!entry->listener(frame)) impl_->remove(entry);
  }
}

bool Events::wanted(const std::string& type) const {
  std::lock_guard guard(impl_->mutex);
  for (const auto& entry : impl_->entries) {
    if (contains(entry->filter.types, type)) return true;
  }
  return false;
}

void Events::lifecycle(const std::string& project, const std::string& action, const std::string& source, const Requestor& requestor,
                       Json context, const std::string& name) {
  if (!wanted("lifecycle")) return;
  api::EventLifecycle event;
  event.action = action;
  event.source = source;
  event.context = std::move(context);
  if (!requestor.protocol.empty()) event.requestor = api::EventLifecycleRequestor{requestor.username, requestor.protocol, requestor.address};
  event.name = name;
  if (!name.empty()) event.project = project;
  send("lifecycle", project, api::dump(event));
}

}  // namespace core
