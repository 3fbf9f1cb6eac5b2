import { dirname, join } from 'node:path/posix'
import ts from 'typescript'

/** One import or re-export. */
export interface Import {
  /** As written. */
  readonly specifier: string
  /** Path inside `src/` without extension (`failure/labels`); undefined for packages; starts with `..` when it leaves `src/`. */
  readonly target?: string
  /** Erased by the compiler: loads nothing at run time. */
  readonly typeOnly: boolean
  /** Named bindings by their name in the imported module. */
  readonly names: readonly string[]
  readonly line: number
}

export interface Source {
  /** `pool/lease.ts` */
  readonly path: string
  /** `pool/lease` */
  readonly id: string
  /** `pool`, or `.` for files directly in `src/`. */
  readonly room: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

/** Parses one file of `src/`; `path` is relative to it. Never throws: what does not parse is the compiler's business. */
export function parseSource(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS)
  const room = path.includes('/') ? path.slice(0, path.indexOf('/')) : '.'
  return { path, id: withoutExtension(path), room, tree, imports: importsOf(path, tree) }
}

/** 1-based line of a node. */
export function lineOf(node: ts.Node): number {
  const tree = node.getSourceFile()
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, names: readonly string[]) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const target = specifier.text.startsWith('.') ? withoutExtension(join(dirname(path), specifier.text)) : undefined
    const line = lineOf(specifier)
    found.push({ specifier: specifier.text, ...(target === undefined ? {} : { target }), typeOnly, names, line })
  }
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A } from` is NOT type-only: verbatimModuleSyntax keeps it as a side-effect import.
      const bindings = node.importClause?.namedBindings
      const names =
        bindings !== undefined && ts.isNamedImports(bindings)
          ? bindings.elements.map((element) => (element.propertyName ?? element.name).text)
          : []
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword, names)
    } else if (ts.isExportDeclaration(node)) {
      const names =
        node.exportClause !== undefined && ts.isNamedExports(node.exportClause)
          ? node.exportClause.elements.map((element) => (element.propertyName ?? element.name).text)
          : []
      add(node.moduleSpecifier, node.isTypeOnly, names)
    } else if (ts.isImportTypeNode(node)) {
      if (ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true, [])
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, [])
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

function withoutExtension(path: string): string {
  return path.replace(/\.[cm]?[jt]s$/, '')
}
