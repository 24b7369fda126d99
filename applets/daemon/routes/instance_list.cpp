#include "applets/daemon/routes/instance_list.h"

#include "instance/render.h"
#include "instance/state.h"

namespace incusd {
namespace {

/// Few different questions are asked; the cache forgets everything when there are more.
constexpr size_t kMaxCached = 64;

class ListCache {
 public:
  std::shared_ptr<const std::string> get(const InstanceQuery& query, uint64_t version) {
    std::lock_guard guard(mutex_);
    auto found = texts_.find(query);
    return found != texts_.end() && found->second.version == version ? found->second.text : nullptr;
  }
  void put(const InstanceQuery& query, uint64_t version, std::shared_ptr<const std::string> text) {
    std::lock_guard guard(mutex_);
    if (texts_.size() >= kMaxCached) texts_.clear();
    texts_[query] = {version, std::move(text)};
  }

 private:
  struct Entry {
    uint64_t version;
    std::shared_ptr<const std::string> text;
  };
  std::mutex mutex_;
  std::map<InstanceQuery, Entry> texts_;
};

std::string build(const Context& ctx, const instance::Manager& manager, const InstanceQuery& query) {
  std::string out = "[";
  for (const auto& instance : instances_of(manager, query)) {
    if (out.size() > 1) out += ',';
    if (query.recursion == 0) api::append_json_string(out, instance->url());
    else if (query.recursion == 1) out += *instance->json();
    else out += instance_object(ctx, *instance, 2);
  }
  return out + "]";
}

}  // namespace

std::vector<instance::InstancePtr> instances_of(const instance::Manager& manager, const InstanceQuery& query) {
  auto list = manager.list(query.project);
  if (query.type.empty() && !query.visible) return list;
  std::erase_if(list, [&](const instance::InstancePtr& instance) {
    auto view = instance->view();
    return (!query.type.empty() && db::name_of(view->row.type) != query.type) || (query.visible && !contains(*query.visible, view->row.project));
  });
  return list;
}

std::string instance_object(const Context& ctx, instance::Instance& instance, int recursion) {
  if (recursion < 2) return *instance.json();
  std::string out = *instance.full_json_head();
  out += api::dump(instance::state_of(ctx, instance, true));
  out += '}';
  return out;
}

std::shared_ptr<const std::string> instance_list(const Context& ctx, instance::Manager& manager, const InstanceQuery& query) {
  static ListCache cache;
  uint64_t version = manager.version();
  if (query.recursion < 2)
    if (auto text = cache.get(query, version)) return text;
  auto text = std::make_shared<const std::string>(build(ctx, manager, query));
  if (query.recursion < 2) cache.put(query, version, text);
  return text;
}

}  // namespace incusd
