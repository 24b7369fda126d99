// `incus config template` and `incus config metadata`: the files beside an instance's root file system.
#include <cstdio>
#include <print>

#include "api/types/image.h"
#include "api/yaml.h"
#include "applets/cli/editor.h"
#include "applets/cli/nouns/config.h"
#include "applets/cli/table.h"
#include "applets/cli/verbs/flags.h"

namespace cli {

namespace {

std::string templates_path(const Call& call) { return instance_path(call.args[0].object().text) + "/metadata/templates"; }
std::string template_path(const Call& call) { return templates_path(call) + "?path=" + url_escape(call.args[1].text); }

Result<> upload(Call& call, const std::string& content) {
  client::Server server = TRY(call.server(call.args[0]));
  client::Request request{.method = http::Method::post, .target = template_path(call)};
  request.headers.set("Content-Type", "application/octet-stream");
  request.body = content;
  TRY(server.send_query(call.ctx, std::move(request)));
  return {};
}

Result<std::string> download(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  client::Request request{.target = template_path(call)};
  return TRY(server.send(call.ctx, std::move(request))).body;
}

Result<> create(Call& call) { return upload(call, stdin_is_terminal() ? "" : TRY(read_stdin())); }

Result<> remove(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  TRY(server.query(call.ctx, http::Method::delete_, template_path(call)));
  return {};
}

Result<> edit(Call& call) {
  std::string text = stdin_is_terminal() ? TRY(download(call)) : "";
  return edit_until(text, [&](const std::string& content) { return upload(call, content); });
}

Result<> list(Call& call) {
  TRY(check_format(call.format()));
  client::Server server = TRY(call.server(call.args[0]));
  Json names = TRY(server.get(call.ctx, templates_path(call))).metadata;
  Table table{{"FILENAME"}, {}};
  for (const Json& name : names) table.rows.push_back({name.get<std::string>()});
  sort_rows(table.rows);
  return print_table(call.format(), table, names);
}

Result<> show(Call& call) {
  std::string text = TRY(download(call));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return {};
}

std::string metadata_path(const Call& call) { return instance_path(call.args[0].object().text) + "/metadata"; }

Result<> metadata_show(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  Json metadata = TRY(retyped<api::ImageMetadata>(TRY(server.get(call.ctx, metadata_path(call))).metadata));
  std::print("{}", api::dump_yaml(metadata));
  return {};
}

constexpr std::string_view kMetadataHelp =
    "The metadata as YAML; comment lines like these are dropped.\n\nMembers: architecture, creation_date, expiry_date, properties (keys and values),\ntemplates (by path: when, template, properties, create_only).";

Result<> metadata_edit(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  std::string text, etag;
  if (stdin_is_terminal()) {
    client::Reply reply = TRY(server.get(call.ctx, metadata_path(call)));
    etag = reply.etag;
    text = editor_text(kMetadataHelp, TRY(retyped<api::ImageMetadata>(reply.metadata)));
  }
  return edit_until(text, [&](const std::string& content) -> Result<> {
    Json metadata = TRY(retyped<api::ImageMetadata>(TRY(api::parse_yaml(content))));
    TRY(server.query(call.ctx, http::Method::put, metadata_path(call), api::dump_json(metadata), etag));
    return {};
  });
}

constexpr Command kCommands[] = {
    {.path = "config metadata", .summary = "Manage the metadata of instances", .options = kGroup},
    {.path = "config metadata edit", .usage = "[<remote>:]<instance>", .summary = "Edit an instance's metadata as YAML", .run = metadata_edit},
    {.path = "config metadata show", .usage = "[<remote>:]<instance>", .summary = "Show an instance's metadata", .run = metadata_show},
    {.path = "config template", .summary = "Manage the file templates of instances", .options = kGroup},
    {.path = "config template create", .usage = "[<remote>:]<instance> <new template name>", .summary = "Make a template, empty or from standard input", .run = create, .aliases = "add"},
    {.path = "config template delete", .usage = "[<remote>:]<instance> <template>", .summary = "Delete a template", .run = remove, .aliases = "rm,remove"},
    {.path = "config template edit", .usage = "[<remote>:]<instance> <template>", .summary = "Edit a template", .run = edit},
    {.path = "config template list", .usage = "[<remote>:]<instance>", .summary = "List templates", .run = list, .flags = kFormatFlags, .aliases = "ls"},
    {.path = "config template show", .usage = "[<remote>:]<instance> <template>", .summary = "Print a template", .run = show},
};

}  // namespace

extern const CommandTable config_files_commands = kCommands;

}  // namespace cli
