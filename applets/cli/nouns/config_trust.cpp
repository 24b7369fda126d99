// `incus config trust`: clients the server trusts, and tokens with which new ones join.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <print>

#include "api/types/certificate.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"
#include "applets/cli/nouns/tokens.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/verbs/noun.h"
#include "applets/cli/wait.h"
#include "base/encode.h"
#include "http/certificate.h"

namespace cli {

namespace {

/// The certificate's own fields; empty ones if it can't be read.
http::CertificateInfo parsed(const Json& item) {
  auto info = http::parse_certificate(member_text(item, "certificate"));
  return info ? std::move(*info) : http::CertificateInfo{};
}

std::string projects_cell(const Json& item) {
  StringList names;
  for (const Json& name : item["projects"]) names.push_back(name.get<std::string>());
  std::ranges::sort(names);
  return join(names, "\n");
}

constexpr Column kColumns[] = {
    {'n', "NAME", text_cell<"name">},
    {'t', "TYPE", text_cell<"type">},
    {'c', "COMMON NAME", [](const Json& item) { return parsed(item).common_name; }},
    {'f', "FINGERPRINT", [](const Json& item) { return member_text(item, "fingerprint").substr(0, 12); }},
    {'F', "FINGERPRINT", text_cell<"fingerprint">},
    {'d', "DESCRIPTION", text_cell<"description">},
    {'i', "ISSUE DATE", [](const Json& item) { return parsed(item).not_before.format_local("%Y/%m/%d %H:%M %Z"); }},
    {'e', "EXPIRY DATE", [](const Json& item) { return parsed(item).not_after.format_local("%Y/%m/%d %H:%M %Z"); }},
    {'r', "RESTRICTED", [](const Json& item) { return std::string(item.value("restricted", false) ? "yes" : "no"); }},
    {'p', "PROJECTS", projects_cell},
};

constexpr Noun kNoun = {
    .what = "certificate",
    .title = "Certificate",
    .collection = "/1.0/certificates",
    .wire = kWire<api::Certificate, api::CertificatePut>,
    .edit_help = "The trusted certificate as YAML; comment lines like these are dropped.\n\nThe fingerprint is only shown.",
    .columns = kColumns,
    .traits = kPlainNoun,
};

Json restrictions(const Call& call) {
  Json body = {{"restricted", call.flags.on("restricted")}};
  if (std::string projects = call.flags.text("projects"); !projects.empty()) body["projects"] = split(projects, ',');
  return body;
}

Result<> add(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  Json body = restrictions(call);
  body["name"] = call.args[0].object().text;
  body["type"] = "client";
  body["token"] = true;
  client::Reply reply = TRY(server.query(call.ctx, http::Method::post, "/1.0/certificates", api::dump_json(body)));
  std::string token = TRY_CTX(token_of(reply.metadata), "Failed converting token operation to certificate add token").text;
  call.say(std::format("Client {} certificate add token:", call.args[0].object().text));
  std::println("{}", token);
  return {};
}

Result<std::string> read_certificate(const std::string& path) {
  if (path == "-" || path == "/dev/stdin") return read_stdin();
  if (access(path.c_str(), F_OK) != 0) return fail(Code::not_found, "Provided certificate path doesn't exist: {}", path);
  return read_file(path);
}

Result<> add_certificate(Call& call) {
  std::string type = call.flags.text("type");
  if (type != "client" && type != "metrics") return fail(Code::invalid, "Unknown certificate type {}", quote(type));
  std::string path = call.args[1].text;
  std::string der = TRY(http::pem_to_der(TRY(read_certificate(path))));
  client::Server server = TRY(call.server(call.args[0]));
  Json body = restrictions(call);
  std::string file = path == "-" ? "stdin" : std::filesystem::path(path).filename().string();
  body["name"] = call.flags.text("name").empty() ? file : call.flags.text("name");
  body["description"] = call.flags.text("description");
  body["type"] = type;
  body["certificate"] = base64_encode(der);
  TRY(server.query(call.ctx, http::Method::post, "/1.0/certificates", api::dump_json(body)));
  return {};
}

Result<> list(Call& call) {
  TRY(check_format(call.format()));
  TRY(select_columns(kColumns, call.flags.text("columns")));
  client::Server server = TRY(call.server(call.args[0]));
  std::string filter = pattern_filter(call.args[1].texts());
  Json items = TRY(server.get(call.ctx, "/1.0/certificates?recursion=1" + (filter.empty() ? "" : "&filter=" + filter))).metadata;
  return print_objects(call, kNoun, std::move(items), call.flags.text("columns"));
}

Result<> list_tokens(Call& call) { return print_tokens(call, TokenKind::certificate); }

Result<> revoke_token(Call& call) {
  const std::string& name = call.args[0].object().text;
  TRY(revoke(call, TokenKind::certificate, name, std::format("No certificate add token for member {} on remote: {}", name, call.args[0].remote)));
  call.say(std::format("Certificate add token for {} deleted", name));
  return {};
}

Result<> remove(Call& call) {
  Target target = TRY(target_of(call, kNoun));
  TRY(target.server.query(call.ctx, http::Method::delete_, target.path));
  return {};
}

constexpr Flag kRestrictedFlag = {"restricted", FlagKind::boolean, "Only some projects may be used"};
constexpr Flag kProjectsFlag = {"projects", FlagKind::text, "Names of those projects, with commas"};
constexpr Flag kAddFlags[] = {kProjectsFlag, kRestrictedFlag};
constexpr Flag kAddCertificateFlags[] = {kDescriptionFlag, {"name", FlagKind::text, "Name, if not the file's"}, kProjectsFlag, kRestrictedFlag, {"type|t", FlagKind::text, "client or metrics", "client"}};
constexpr Flag kListFlags[] = {columns_flag("ntdfe"), kFormatFlag};
constexpr Flag kTokenFlags[] = {columns_flag("ntE"), kFormatFlag};

constexpr Command kCommands[] = {
    {.path = "config trust", .summary = "Manage trusted clients", .options = kGroup},
    {.path = "config trust add", .usage = "[<remote>:]<new client name>", .summary = "Issue a token with which a client can add itself", .run = add, .flags = kAddFlags},
    {.path = "config trust add-certificate", .usage = "[<remote>:] <cert.crt>", .summary = "Trust the certificate of a client", .run = add_certificate, .flags = kAddCertificateFlags},
    {.path = "config trust edit", .usage = "[<remote>:]<fingerprint>", .summary = "Edit a trusted client as YAML", .run = edit_verb, .data = &kNoun},
    {.path = "config trust list", .usage = "[<remote>:] [<filter>...]", .summary = "List trusted clients", .run = list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  c  common name\n  d  description\n  e  expiry date\n  f  start of the fingerprint\n  F  fingerprint\n  i  issue date\n  n  name\n  p  projects\n  r  restricted or not\n  t  type"},
    {.path = "config trust list-tokens", .usage = "[<remote>:]", .summary = "List tokens not used yet", .run = list_tokens, .flags = kTokenFlags,
     .about = "Columns:\n  E  expiry\n  n  client\n  t  token"},
    {.path = "config trust remove", .usage = "[<remote>:]<fingerprint>", .summary = "Stop trusting a client", .run = remove, .aliases = "delete,rm"},
    {.path = "config trust revoke-token", .usage = "[<remote>:]<token>", .summary = "Withdraw the token of a client", .run = revoke_token},
    {.path = "config trust show", .usage = "[<remote>:]<fingerprint>", .summary = "Show a trusted client", .run = show_verb, .data = &kNoun},
};

}  // namespace

extern const CommandTable config_trust_commands = kCommands;

}  // namespace cli
