import ts from 'typescript'
import type { Complaint } from './check.ts'
import { lineOf, type Source } from './source.ts'
import { DOOR, LONG_FILES, MAX_LINES } from './table.ts'

const BANNED_GLOBALS: ReadonlySet<string> = new Set(['fetch', 'setTimeout', 'setInterval'])

const BANNED_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Date: ['now'],
  Math: ['random'],
  crypto: ['randomUUID', 'getRandomValues'],
  performance: ['now'],
  process: ['env', 'hrtime'],
}

const BANNED_MODULES: Readonly<Record<string, readonly string[] | 'all'>> = {
  timers: 'all',
  'timers/promises': 'all',
  crypto: ['randomUUID'],
  perf_hooks: ['performance'],
  process: ['env', 'hrtime'],
}

/** What holds in every file: no `export *`, no `any`, a bounded length. */
export function checkForm(source: Source): Complaint[] {
  const complaints: Complaint[] = []
  const visit = (node: ts.Node) => {
    if (ts.isExportDeclaration(node) && (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause))) {
      complaints.push({ file: source.path, line: lineOf(node), says: 'export *: name what is exported' })
    }
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      complaints.push({ file: source.path, line: lineOf(node), says: 'any: write unknown and narrow it' })
    }
    ts.forEachChild(node, visit)
  }
  visit(source.tree)
  const lines = source.tree.text.replace(/\n$/, '').split('\n').length
  const exempt = LONG_FILES[source.path] !== undefined || source.id.endsWith('/_registry')
  if (lines > MAX_LINES && !exempt) {
    complaints.push({
      file: source.path,
      line: MAX_LINES + 1,
      says: `${lines} lines, more than ${MAX_LINES}: split it, or give a reason in LONG_FILES`,
    })
  }
  return complaints
}

/** Clock, timers, chance, network and environment used anywhere but behind the door. */
export function checkGlobals(source: Source): Complaint[] {
  if (source.room === DOOR) return []
  const complaints: Complaint[] = []
  const add = (node: ts.Node, what: string) => {
    complaints.push({ file: source.path, line: lineOf(node), says: `${what} belongs to ${DOOR}/` })
  }
  const visit = (node: ts.Node) => {
    if (ts.isTypeNode(node)) return
    if (ts.isIdentifier(node) && BANNED_GLOBALS.has(node.text) && isGlobalUse(node)) add(node, node.text)
    if (ts.isNewExpression(node) && isGlobal(node.expression, 'Date') && !node.arguments?.length)
      add(node, 'new Date()')
    if (ts.isCallExpression(node) && isGlobal(node.expression, 'Date')) add(node, 'Date()')
    for (const [owner, member] of membersUsed(node)) {
      if (BANNED_MEMBERS[owner]?.includes(member)) add(node, `${owner}.${member}`)
      if (owner === 'globalThis' && BANNED_GLOBALS.has(member)) add(node, `globalThis.${member}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source.tree)
  for (const each of source.imports) {
    const banned = BANNED_MODULES[each.specifier.replace(/^node:/, '')]
    const names = banned === 'all' ? [''] : each.names.filter((name) => banned?.includes(name))
    if (each.typeOnly || each.target !== undefined) continue
    for (const name of names) {
      const says = `${[each.specifier, name].filter(Boolean).join(' ')} belongs to ${DOOR}/`
      complaints.push({ file: source.path, line: each.line, says })
    }
  }
  return complaints
}

/** `owner.member`, `owner['member']`, `globalThis.owner.member` and `const { member } = owner`. */
function membersUsed(node: ts.Node): Array<readonly [string, string]> {
  if (ts.isPropertyAccessExpression(node)) return pairs(node.expression, [node.name.text])
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return pairs(node.expression, [node.argumentExpression.text])
  }
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer !== undefined) {
    const names = node.name.elements.map((element) => (element.propertyName ?? element.name).getText())
    return pairs(node.initializer, names)
  }
  return []
}

function pairs(owner: ts.Expression, members: readonly string[]): Array<readonly [string, string]> {
  const name = globalName(owner)
  return name === undefined ? [] : members.map((member) => [name, member] as const)
}

/** The name of a global object that an expression stands for, also through `globalThis`. */
function globalName(expression: ts.Expression): string | undefined {
  if (ts.isIdentifier(expression)) return isGlobalUse(expression) ? expression.text : undefined
  if (ts.isPropertyAccessExpression(expression) && isGlobal(expression.expression, 'globalThis')) {
    return expression.name.text
  }
  return undefined
}

function isGlobal(expression: ts.Expression, name: string): boolean {
  return globalName(expression) === name
}

/** The identifier is read as a value and no enclosing scope of the file declares it. */
function isGlobalUse(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isBindingElement(parent)) return false
  if (ts.isShorthandPropertyAssignment(parent)) return !isDeclaredAround(node)
  if ('name' in parent && parent.name === node) return false
  if (ts.isLabeledStatement(parent) || ts.isQualifiedName(parent)) return false
  return !isDeclaredAround(node)
}

function isDeclaredAround(node: ts.Identifier): boolean {
  for (let scope: ts.Node | undefined = node.parent; scope !== undefined; scope = scope.parent) {
    if (namesDeclaredIn(scope).has(node.text)) return true
  }
  return false
}

const declared = new WeakMap<ts.Node, ReadonlySet<string>>()

function namesDeclaredIn(scope: ts.Node): ReadonlySet<string> {
  const known = declared.get(scope)
  if (known !== undefined) return known
  const names = new Set<string>()
  const bind = (name: ts.BindingName | undefined) => {
    if (name === undefined) return
    if (ts.isIdentifier(name)) names.add(name.text)
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name)
  }
  const bindList = (list: ts.Node | undefined) => {
    if (list !== undefined && ts.isVariableDeclarationList(list)) for (const each of list.declarations) bind(each.name)
  }
  if (ts.isFunctionLike(scope)) for (const parameter of scope.parameters) bind(parameter.name)
  if (ts.isFunctionExpression(scope) || ts.isClassExpression(scope)) bind(scope.name)
  if (ts.isCatchClause(scope)) bind(scope.variableDeclaration?.name)
  if (ts.isForStatement(scope) || ts.isForOfStatement(scope) || ts.isForInStatement(scope)) bindList(scope.initializer)
  if (ts.isSourceFile(scope) || ts.isBlock(scope) || ts.isCaseOrDefaultClause(scope)) {
    for (const statement of scope.statements) {
      if (ts.isVariableStatement(statement)) bindList(statement.declarationList)
      if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) bind(statement.name)
      if (ts.isImportDeclaration(statement)) {
        const clause = statement.importClause
        bind(clause?.name)
        const bindings = clause?.namedBindings
        if (bindings !== undefined && ts.isNamespaceImport(bindings)) bind(bindings.name)
        if (bindings !== undefined && ts.isNamedImports(bindings)) for (const each of bindings.elements) bind(each.name)
      }
    }
  }
  declared.set(scope, names)
  return names
}
