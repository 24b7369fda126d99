// `incus query`: any request to the API, and its answer as it came.
#include <fcntl.h>

#include <cstdio>
#include <print>

#include "applets/cli/call.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"
#include "base/unique_fd.h"

namespace cli {

namespace {

/// JSON with one tab for each level, names sorted if wished, nothing escaped that need not be.
void pretty(std::string& out, const Json& value, size_t depth, bool sort) {
  if (!value.is_structured()) {
    out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  bool object = value.is_object();
  if (value.empty()) {
    out += object ? "{}" : "[]";
    return;
  }
  std::vector<std::pair<std::string, const Json*>> items;
  if (object) {
    for (const auto& [name, item] : value.items()) items.emplace_back(name, &item);
    if (sort) std::ranges::sort(items, {}, [](const auto& item) { return item.first; });
  } else {
    for (const Json& item : value) items.emplace_back("", &item);
  }
  out += object ? "{\n" : "[\n";
  for (size_t i = 0; i < items.size(); ++i) {
    out.append(depth + 1, '\t');
    if (object) out += Json(items[i].first).dump() + ": ";
    pretty(out, *items[i].second, depth + 1, sort);
    out += i + 1 < items.size() ? ",\n" : "\n";
  }
  out.append(depth, '\t');
  out += object ? "}" : "]";
}

void print_pretty(const Json& value, bool sort) {
  std::string text;
  pretty(text, value, 0, sort);
  std::println("{}\n", text);
}

Result<client::Request> request_of(Call& call, UniqueFd& file) {
  std::string data = call.flags.text("data");
  std::string path = call.flags.text("data-file");
  if (!data.empty() && !path.empty()) return fail(Code::invalid, "--data cannot be used with --data-file");
  std::string action = call.flags.text("request");
  auto method = http::parse_method(action);
  if (!contains({"GET", "PUT", "POST", "PATCH", "DELETE"}, action) || !method) return fail(Code::invalid, "Action {} isn't supported by this tool", quote(action));
  client::Request request{.method = *method, .target = call.args[0].object().text};
  if (!request.target.starts_with('/')) return fail(Code::invalid, "Query path must start with /");
  for (const std::string& header : call.flags.list("header")) {
    size_t colon = header.find(':');
    if (colon != std::string::npos) request.headers.add(std::string(trim(header.substr(0, colon))), std::string(trim(header.substr(colon + 1))));
  }
  if (!path.empty()) {
    int fd = 0;
    if (!means_stdin(path)) {
      file = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file) return std::unexpected(fail_errno(std::format("Failed to open input file {}", quote(path))).error());
      fd = file.get();
    }
    request.upload = client::upload_fd(fd);
    request.headers.set("Content-Type", "application/octet-stream");
  } else if (!data.empty()) {
    // Anything that is no JSON document is sent as a JSON text.
    request.body = api::parse_json(data) ? data : api::dump_json(Json(data));
    request.headers.set("Content-Type", "application/json");
  }
  return request;
}

Result<> run(Call& call) {
  if (call.flags.given("project")) return fail(Code::invalid, "--project cannot be used with the query command");
  UniqueFd file;
  client::Request request = TRY(request_of(call, file));
  client::Server server = TRY(call.server(call.args[0]));
  client::Answer answer = TRY(server.connection().send(call.ctx, request));
  auto document = api::parse_json(answer.body);
  bool envelope = document && document->is_object() && document->contains("type");
  if (!envelope) {
    if (answer.status != 200) return std::unexpected(client::answer_error(answer));
    std::fwrite(answer.body.data(), 1, answer.body.size(), stdout);
    return {};
  }
  bool raw = call.flags.on("raw");
  if (answer.status >= 400) {
    if (!raw) return std::unexpected(client::answer_error(answer));
    print_pretty(*document, false);
    return {};
  }
  std::string operation = document->value("operation", "");
  if (call.flags.on("wait") && !operation.empty()) {
    size_t question = operation.find('?');
    std::string wait = operation.substr(0, question) + "/wait" + (question == std::string::npos ? "" : operation.substr(question));
    answer = TRY(server.connection().send(call.ctx, {.target = wait}));
    document = api::parse_json(answer.body);
    if (!document) return std::unexpected(document.error());
    if (answer.status >= 400) return std::unexpected(client::answer_error(answer));
    const Json& record = (*document)["metadata"];
    std::string problem = record.is_object() ? record.value("err", "") : "";
    if (!problem.empty()) return fail(Code::internal, "{}", problem);
  }
  if (raw) {
    print_pretty(*document, false);
  } else if (document->contains("metadata") && !(*document)["metadata"].is_null() && !((*document)["metadata"].is_object() && (*document)["metadata"].empty())) {
    print_pretty((*document)["metadata"], true);
  }
  return {};
}

constexpr Flag kFlags[] = {
    {"data|d", FlagKind::text, "Body to send"},
    {"data-file", FlagKind::text, "File to send as the body (- is standard input)"},
    {"header|H", FlagKind::list, "Extra header, as \"Name: value\" (may be repeated)"},
    {"raw", FlagKind::boolean, "Show the whole envelope"},
    {"request|X", FlagKind::text, "Method", "GET"},
    {"wait", FlagKind::boolean, "Wait for the operation, if one starts"},
};

constexpr Command kCommands[] = {
    {.path = "query", .usage = "[<remote>:]<API path>", .summary = "Send a request to the API", .run = run, .flags = kFlags,
     .examples = "incus query -X DELETE --wait /1.0/instances/c1\n    Delete the stopped instance c1 and wait until it is done.", .options = kHiddenCommand},
};

}  // namespace

extern const CommandTable query_commands = kCommands;

}  // namespace cli
