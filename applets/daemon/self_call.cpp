#include "applets/daemon/self_call.h"

#include "applets/daemon/daemon.h"
#include "applets/daemon/dispatch.h"
#include "http/status.h"

namespace incusd {

Result<Json> self_call(const Context& ctx, Daemon& daemon, http::Method method, const std::string& target, const std::string& body) {
  http::Request request;
  size_t question = target.find('?');
  request.method = method;
  request.path = target.substr(0, question);
  if (question != target.npos) request.query = http::Query::parse(std::string_view(target).substr(question + 1));
  request.body = body;
  request.peer.address = "@";
  http::Plan plan = daemon.dispatcher->plan(request);
  http::Response response = plan.run(ctx, request);
  Json answer = TRY(api::parse_json(response.body));
  if (response.status >= 400) return fail(http::code_of(response.status), "{}", answer.value("error", "unknown error"));
  if (response.status == 202) {
    auto operation = daemon.operations->find(answer["metadata"].value("id", ""));
    if (operation) TRY(operation->wait(ctx));
  }
  return answer["metadata"];
}

}  // namespace incusd
