#include "applets/daemon/routes/instance_list.h"

#include "api/filter.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/envelope.h"
#include "instance/render.h"
#include "instance/state.h"

namespace incusd {
namespace {

using Text = std::shared_ptr<const std::string>;

/// Few different questions are asked; the cache forgets everything when there are more, or when they take too much memory.
constexpr size_t kMaxCached = 64;
constexpr size_t kMaxBytes = 8 << 20;

/// Some of recursion 2 (a stopped instance's use of its pool) changes without the instance doing so.
constexpr seconds kStateLifetime{1};

/// Whole answers by question. Thread-safe.
class ListCache {
 public:
  Text get(const InstanceQuery& query, uint64_t version) {
    std::lock_guard guard(mutex_);
    auto found = answers_.find(query);
    if (found == answers_.end() || found->second.version != version || found->second.until < Clock::now()) return nullptr;
    return found->second.text;
  }
  void put(const InstanceQuery& query, uint64_t version, Text text) {
    std::lock_guard guard(mutex_);
    std::erase_if(answers_, [&](const auto& item) { return item.first == query || item.second.version < version; });
    size_t bytes = text->size();
    for (const auto& [other, answer] : answers_) bytes += answer.text->size();
    if (answers_.size() >= kMaxCached || bytes > kMaxBytes) answers_.clear();
    if (text->size() > kMaxBytes) return;
    auto until = query.recursion < 2 ? Clock::time_point::max() : Clock::now() + kStateLifetime;
    answers_[query] = {version, until, std::move(text)};
  }

 private:
  struct Answer {
    uint64_t version;
    Clock::time_point until;
    Text text;
  };
  std::mutex mutex_;
  std::map<InstanceQuery, Answer> answers_;
};

ListCache& cache() {
  static ListCache the_cache;
  return the_cache;
}

InstanceQuery query_of(const Call& call) {
  InstanceQuery query{.project = call.all_projects() ? "" : call.project, .type = call.query("instance-type"), .filter = call.query("filter"),
                      .recursion = std::clamp(call.recursion(), 0, 2)};
  if (!call.identity.admin) query.visible = call.identity.projects;
  return query;
}

std::vector<instance::InstancePtr> instances_of(const instance::Manager& manager, const InstanceQuery& query) {
  auto list = manager.list(query.project);
  if (query.type.empty() && !query.visible) return list;
  std::erase_if(list, [&](const instance::InstancePtr& instance) {
    auto view = instance->view();
    return (!query.type.empty() && db::name_of(view->row.type) != query.type) || (query.visible && !contains(*query.visible, view->row.project));
  });
  return list;
}

/// Of a list with guests that take their time: it shows what is known.
constexpr milliseconds kPatience{25};

/// At recursion 2. Clears `lasting` where the text may be another one without any change of the instance.
std::string full_object(const Context& ctx, instance::Instance& instance, bool& lasting) {
  std::string out = *instance.full_json_head();
  api::InstanceState state = instance::state_of(ctx, instance, true);
  if (state.status_code != instance::status_code(instance::Status::stopped) || !state.disk.empty()) lasting = false;
  out += api::dump(state);
  out += '}';
  return out;
}

/// The elements of the list, comma-separated.
Result<std::string> build(const Context& ctx, const instance::Manager& manager, const InstanceQuery& query, bool& lasting) {
  api::Filter filter = TRY_CTX(api::Filter::parse(query.filter), "Invalid filter");
  std::string out;
  for (const auto& instance : instances_of(manager, query)) {
    std::string full;
    Text object;
    if (query.recursion == 2) full = full_object(ctx.with_timeout(kPatience), *instance, lasting);
    else if (query.recursion == 1 || !filter.empty()) object = instance->json();
    if (!filter.empty() && !TRY(filter.match(TRY(api::parse_json(object ? *object : full))))) continue;
    if (!out.empty()) out += ',';
    if (query.recursion == 0) api::append_json_string(out, instance->url());
    else out += object ? *object : full;
  }
  return out;
}

Reply reply_of(const Text& text) { return raw(json_response(200, *text)); }

}  // namespace

std::string instance_object(const Context& ctx, instance::Instance& instance, int recursion) {
  bool lasting = true;
  return recursion < 2 ? *instance.json() : full_object(ctx, instance, lasting);
}

Result<Reply> list_instances_from_memory(Call& call) {
  Text text = cache().get(query_of(call), call.daemon.instances->version());
  if (!text) return fail(Code::unavailable, "Not in memory");
  return reply_of(text);
}

Result<Reply> list_instances(Call& call) {
  if (call.all_projects() && !call.query("project").empty()) {
    return fail(Code::invalid, "Cannot specify a project when requesting all projects");
  }
  InstanceQuery query = query_of(call);
  // Read first: what changes while the list is made makes this answer an old one.
  uint64_t version = call.daemon.instances->version();
  bool lasting = true;
  auto text = std::make_shared<const std::string>(sync_body('[' + TRY(build(call.ctx, *call.daemon.instances, query, lasting)) + ']'));
  if (lasting) cache().put(query, version, text);
  return reply_of(text);
}

}  // namespace incusd
