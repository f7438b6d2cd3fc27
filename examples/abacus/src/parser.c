// SPDX-License-Identifier: Apache-2.0
#include "parser.h"

enum { MAX_DEPTH = 200 };

typedef struct {
  Arena* arena;
  Lexer lexer;
  Token token;
  Failure* failure;
  int depth;
} Parser;

static const Node* parse_sum(Parser* parser);
static const Node* parse_unary(Parser* parser);

static Token take(Parser* parser) {
  const Token token = parser->token;
  parser->token = lexer_next(&parser->lexer);
  return token;
}

static Node* new_node(Parser* parser, NodeKind kind, Token token) {
  Node* node = arena_alloc(parser->arena, sizeof *node);
  node->kind = kind;
  node->token = token;
  return node;
}

static const Node* unexpected(Parser* parser, const char* wanted) {
  const Token token = parser->token;
  if (token.kind == TOKEN_END) {
    fail(parser->failure, token.column, "expected %s, but the line ends here", wanted);
  } else {
    fail(parser->failure,
         token.column,
         "expected %s, not '%.*s'",
         wanted,
         (int)token.length,
         token.start);
  }
  return NULL;
}

static bool expect(Parser* parser, char sign, const char* wanted) {
  if (!token_is(parser->token, sign)) return unexpected(parser, wanted) != NULL;
  take(parser);
  return true;
}

static const Node* with_child(Node* node, const Node* child) {
  if (child == NULL) return NULL;
  node->children[node->count++] = child;
  return node;
}

static const Node* parse_call(Parser* parser, Token name) {
  Node* call = new_node(parser, NODE_CALL, name);
  take(parser);
  if (token_is(parser->token, ')')) {
    take(parser);
    return call;
  }
  for (;;) {
    if (call->count == MAX_ARGUMENTS) {
      fail(parser->failure, parser->token.column, "more than %d arguments", MAX_ARGUMENTS);
      return NULL;
    }
    if (with_child(call, parse_sum(parser)) == NULL) return NULL;
    if (!token_is(parser->token, ',')) break;
    take(parser);
  }
  return expect(parser, ')', "',' or ')'") ? call : NULL;
}

static const Node* parse_atom(Parser* parser) {
  if (parser->token.kind == TOKEN_NUMBER) return new_node(parser, NODE_NUMBER, take(parser));
  if (parser->token.kind == TOKEN_NAME) {
    const Token name = take(parser);
    return token_is(parser->token, '(') ? parse_call(parser, name)
                                        : new_node(parser, NODE_VARIABLE, name);
  }
  if (!token_is(parser->token, '(')) return unexpected(parser, "a number, a name or '('");
  take(parser);
  const Node* inner = parse_sum(parser);
  return inner != NULL && expect(parser, ')', "')'") ? inner : NULL;
}

static const Node* parse_power(Parser* parser) {
  const Node* left = parse_atom(parser);
  while (left != NULL && token_is(parser->token, '!')) {
    left = with_child(new_node(parser, NODE_UNARY, take(parser)), left);
  }
  if (left == NULL || !token_is(parser->token, '^')) return left;
  Node* power = new_node(parser, NODE_BINARY, take(parser));
  with_child(power, left);
  return with_child(power, parse_unary(parser));
}

static const Node* parse_unary(Parser* parser) {
  if (++parser->depth > MAX_DEPTH) {
    fail(parser->failure, parser->token.column, "nested deeper than %d levels", MAX_DEPTH);
    return NULL;
  }
  const Node* node = NULL;
  if (token_is(parser->token, '-')) {
    Node* minus = new_node(parser, NODE_UNARY, take(parser));
    node = with_child(minus, parse_unary(parser));
  } else {
    node = parse_power(parser);
  }
  --parser->depth;
  return node;
}

static const Node* parse_product(Parser* parser) {
  const Node* left = parse_unary(parser);
  while (left != NULL && (token_is(parser->token, '*') || token_is(parser->token, '/') ||
                          token_is(parser->token, '%'))) {
    Node* product = new_node(parser, NODE_BINARY, take(parser));
    with_child(product, left);
    left = with_child(product, parse_unary(parser));
  }
  return left;
}

static const Node* parse_sum(Parser* parser) {
  const Node* left = parse_product(parser);
  while (left != NULL && (token_is(parser->token, '+') || token_is(parser->token, '-'))) {
    Node* sum = new_node(parser, NODE_BINARY, take(parser));
    with_child(sum, left);
    left = with_child(sum, parse_product(parser));
  }
  return left;
}

static const Node* parse_line(Parser* parser) {
  const Node* left = parse_sum(parser);
  if (left == NULL || !token_is(parser->token, '=')) return left;
  if (left->kind != NODE_VARIABLE) {
    fail(parser->failure, parser->token.column, "only a name can stand left of '='");
    return NULL;
  }
  take(parser);
  return with_child(new_node(parser, NODE_ASSIGN, left->token), parse_sum(parser));
}

const Node* parse(Arena* arena, const char* line, Failure* failure) {
  Parser parser = {.arena = arena, .lexer = lexer_new(line, failure), .failure = failure};
  take(&parser);
  const Node* tree = parse_line(&parser);
  if (tree != NULL && parser.token.kind != TOKEN_END) return unexpected(&parser, "an operator");
  return failure->is_set ? NULL : tree;
}
