import { isCollection, isNode, isPair, type Node, type Pair, visit } from 'yaml'

/** Every comment in a part of a document that is about to go, in order. */
export function commentsIn(part: unknown): readonly string[] {
  if (!isNode(part) && !isPair(part)) return []
  const found: string[] = []
  const add = (comment: string | null | undefined) => {
    if (typeof comment === 'string' && comment.trim() !== '') found.push(comment)
  }
  // A comment after a collection belongs behind those of its items.
  const after = new Map<Node, string>()
  visit(wrapped(part), {
    Node(_key, node) {
      add(node.commentBefore)
      if (isCollection(node) && typeof node.comment === 'string') after.set(node, node.comment)
      else add(node.comment)
    },
  })
  for (const comment of after.values()) add(comment)
  return found
}

/** Puts comments above a node, below those that it has. */
export function putAbove(node: Node, comments: readonly string[]): void {
  node.commentBefore = joined([node.commentBefore, ...comments])
}

/** Puts comments below a collection's last item. */
export function putBelow(collection: Node, comments: readonly string[]): void {
  collection.comment = joined([...comments, collection.comment])
}

function joined(comments: ReadonlyArray<string | null | undefined>): string | null {
  const kept = comments.filter((each) => typeof each === 'string' && each !== '')
  return kept.length === 0 ? null : kept.join('\n')
}

/** `visit` takes pairs as well; its types say documents and nodes. */
function wrapped(part: Node | Pair): Node {
  return part as Node
}
