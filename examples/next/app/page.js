'use client'

import { useEffect, useRef, useState } from 'react'

export default function Page() {
  const [lines, setLines] = useState([])
  const socket = useRef(null)

  useEffect(() => {
    const opened = new WebSocket(`ws://${location.host}/echo/ann`)
    opened.onmessage = ({ data }) => setLines((earlier) => [...earlier, data])
    socket.current = opened
    return () => opened.close()
  }, [])

  return (
    <main>
      <button type="button" onClick={() => socket.current.send('hello')}>
        Say hello
      </button>
      <pre>{lines.join('\n')}</pre>
    </main>
  )
}
