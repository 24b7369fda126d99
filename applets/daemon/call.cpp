// What handlers use: query flags, ETags, replies.
#include "api/filter.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "core/envelope.h"

namespace incusd {

int Call::recursion() const { return static_cast<int>(parse_int(query("recursion")).value_or(0)); }

bool Call::all_projects() const { return is_true(query("all-projects")); }

Result<> Call::check_etag(const std::string& etag) const {
  std::string wanted = request.headers.get("If-Match");
  if (wanted.size() >= 2 && wanted.front() == '"' && wanted.back() == '"') wanted = wanted.substr(1, wanted.size() - 2);
  if (wanted.empty() || wanted == etag) return {};
  return fail(Code::precondition, "ETag doesn't match: {} vs {}", wanted, etag);
}

Reply ok(std::string metadata_json, std::string etag) {
  Reply reply;
  reply.metadata = std::move(metadata_json);
  reply.etag = std::move(etag);
  return reply;
}

Reply created(std::string location, std::string metadata_json) {
  Reply reply;
  reply.metadata = std::move(metadata_json);
  reply.location = std::move(location);
  return reply;
}

Result<Reply> accepted(Call& call, core::OperationSpec spec) {
  spec.requestor = call.identity.requestor;
  Reply reply;
  reply.kind = Reply::Kind::async;
  reply.operation = TRY(call.daemon.operations->start(std::move(spec)));
  return reply;
}

Reply raw(http::Response response) {
  Reply reply;
  reply.kind = Reply::Kind::raw;
  reply.response = std::move(response);
  return reply;
}

std::string etag_of(std::string_view json) { return core::etag_of(json); }

namespace {

void append_item(std::string& out, std::string_view json) {
  if (out.size() > 1) out += ',';
  out += json;
}

}  // namespace

Result<Reply> list_reply(Call& call, const StringList& urls, const StringList& objects) {
  bool full = call.recursion() > 0;
  api::Filter filter = TRY_CTX(api::Filter::parse(call.query("filter")), "Invalid filter");
  std::string out = "[";
  for (size_t i = 0; i < urls.size(); i++) {
    if (!filter.empty() && !TRY(filter.match(TRY(api::parse_json(objects[i]))))) continue;
    if (full) {
      append_item(out, objects[i]);
    } else {
      std::string url;
      api::append_json_string(url, urls[i]);
      append_item(out, url);
    }
  }
  return ok(out + "]");
}

}  // namespace incusd
