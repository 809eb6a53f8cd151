"""The permission table: (method, URL name, role) to what the role gets. Read it as the promise to each role.

200 the page; `go` done, and sent on; `in` sent to sign-in; 400 and 409 got past the door to the form or the rule;
403 sees the object but may not do this; 404 does not exist for this role. A method that has no row is 405; `-`
is not checked, since it depends on what else runs. The log's checkpoints are 404 while nothing is published.
"""

TABLE = """
                                   anon   sun  zhou guard  zhao    he  qian  kong    ye  bank    li  wang  road    g1    g9
GET  home                            in    go    go    go    go    go    go    go    go    go    go    go    go    in    in
POST home                            in    go    go    go    go    go    go    go    go    go    go    go    go    in    in
GET  healthz                        200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  readyz                           -     -     -     -     -     -     -     -     -     -     -     -     -     -     -
GET  metrics                        404   404   404   404   404   404   404   404   404   404   404   404   404   404   404
GET  set_language                    go    go    go    go    go    go    go    go    go    go    go    go    go    go    go
POST set_language                    go    go    go    go    go    go    go    go    go    go    go    go    go    go    go
GET  schema                         200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  gallery                        200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
POST gallery                        200   200   200   200   200   200   200   200   200   200   200   200   200   200   200

GET  evidence:verify                200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
POST evidence:verify                400   400   400   400   400   400   400   400   400   400   400   400   400   400   400
GET  evidence:receipt               200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  evidence:script                200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  evidence:key                   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  evidence:checkpoint            404   404   404   404   404   404   404   404   404   404   404   404   404   404   404
GET  evidence:checkpoint-at         404   404   404   404   404   404   404   404   404   404   404   404   404   404   404
GET  evidence:checkpoints           200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  evidence:entry                 200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  evidence:leaves                200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
GET  evidence:inclusion             404   404   404   404   404   404   404   404   404   404   404   404   404   404   404
GET  evidence:consistency           404   404   404   404   404   404   404   404   404   404   404   404   404   404   404

GET  accounts:sign-in               200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
POST accounts:sign-in               400   400   400   400   400   400   400   400   400   400   400   400   400   200   200
GET  accounts:second-factor          in    in    in    in    in    in    in    in    in    in    in    in    in    in    in
POST accounts:second-factor          in    in    in    in    in    in    in    in    in    in    in    in    in    in    in
GET  accounts:second-factor-set-up    in    in    in   200   200   200   200   200   200   200   200   200   200    in    in
POST accounts:second-factor-set-up    in    in    in   200   200   200   200   200   200   200   200   200   200    in    in
POST accounts:sign-out              200    in    in   200   200   200   200   200   200   200   200   200   200   200   200
GET  accounts:password               in    in    in   200   200   200   200   200   200   200   200   200   200    in    in
POST accounts:password               in    in    in   200   200   200   200   200   200   200   200   200   200    in    in
GET  accounts:worker-sign-in        200   200   200   200   200   200   200   200   200   200   200   200   200   200   200
POST accounts:worker-sign-in         go    go    go    go    go    go    go    go    go    go    go    go    go   200   200
GET  accounts:worker-code            in    in    in    in    in    in    in    in    in    in    in    in    in    in    in
POST accounts:worker-code            in    in    in    in    in    in    in    in    in    in    in    in    in    in    in
GET  accounts:worker-which           in    in    in    in    in    in    in    in    in    in    in    in    in    in    in
POST accounts:worker-which           in    in    in    in    in    in    in    in    in    in    in    in    in    in    in
GET  accounts:outbox                404   404   404   404   404   404   404   404   404   404   404   404   404   404   404

GET  devices:sites                   in    in    in   200   200   200   200   200   200   200   200   200   200    in    in
GET  devices:site                    in    in    in   200   200   200   200   404   403   404   200   404   404    in    in
GET  devices:site-now                in    in    in   200   200   200   200   404   403   404   200   404   404    in    in
GET  devices:site-inside             in    in    in   200   200   200   200   404   403   404   200   404   404    in    in
GET  devices:site-days               in    in    in   200   200   200   200   404   403   404   200   404   404    in    in
GET  devices:site-days-sheet         in    in    in   200   200   200   200   404   403   404   200   404   404    in    in
GET  devices:site-days-pdf          in    in    in   200   200   200   200   404   403   404   200   404   404    in    in
GET  devices:open-days              in    in    in   404   200   200   200   404   404   404   200   404   404    in    in
GET  devices:person-day             in    in    in   404   200   200   200   404   404   404   200   404   404    in    in
POST devices:person-day             in    in    in   404    go   403    go   404   404   404   403   404   404    in    in
POST devices:person-day-void        in    in    in   404   404   403   404   404   404   404   404   404   404    in    in
POST devices:person-day-leave       in    in    in   404   400   403   400   404   404   404   404   404   404    in    in
POST devices:correction-withdraw    in    in    in   404    go   403    go   404   404   404   404   404   404    in    in
GET  devices:worker-day             in   200   200    in    in    in    in    in    in    in    in    in    in    in    in
GET  devices:terminal-new            in    in    in   403   200   403   403   404   403   404   403   404   404    in    in
POST devices:terminal-new            in    in    in   403   200   403   403   404   403   404   403   404   404    in    in
GET  devices:terminal-revoke         in    in    in   403   200   403   403   404   403   404   403   404   404    in    in
POST devices:terminal-revoke         in    in    in   403    go   403   403   404   403   404   403   404   404    in    in
GET  devices:worker-days             in   200   200    in    in    in    in    in    in    in    in    in    in    in    in
POST devices:api-passages           401   401   401   401   401   401   401   401   401   401   401   401   401   200   200
GET  devices:api-allow-list         401   401   401   401   401   401   401   401   401   401   401   401   401   200   200
POST devices:api-heartbeats         401   401   401   401   401   401   401   401   401   401   401   401   401   200   200

GET  registration:projects           in    in    in   200   200   200   200   200   200   200   404   404   404    in    in
GET  registration:project            in    in    in   200   200   200   200   404   200   404   404   404   404    in    in
GET  registration:people             in    in    in   200    go    go    go    go   200   200   404   404   404    in    in
GET  registration:people-export      in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
GET  registration:person             in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
POST registration:person-unmask      in    in    in   404   200   403   200   404   404   404   404   404   404    in    in
GET  registration:person-card        in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
POST registration:person-card        in    in    in   404    go   403    go   404   404   404   404   404   404    in    in
GET  registration:person-leave       in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
POST registration:person-leave       in    in    in   404    go   403    go   404   404   404   404   404   404    in    in
GET  registration:roster-upload      in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST registration:roster-upload      in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  registration:roster-template    in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
GET  registration:roster             in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
GET  registration:roster-progress    in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST registration:roster-apply       in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
POST registration:roster-again       in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  registration:roster-columns     in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST registration:roster-columns     in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
POST registration:roster-columns-forget in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
POST registration:roster-discard     in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  registration:roster-refused     in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
GET  registration:worker-me          in   200   200    in    in    in    in    in    in    in    in    in    in    in    in
GET  registration:worker-contract    in   200   200    in    in    in    in    in    in    in    in    in    in    in    in

GET  payroll:today                   in    in    in   404   200   200   200   200   404   404   404   404   404    in    in
GET  payroll:sheets                  in    in    in   404   200   200   200   200   404   404   404   404   404    in    in
GET  payroll:sheet-new               in    in    in   404   200   404   200   200   404   404   404   404   404    in    in
POST payroll:sheet-new               in    in    in   404   409   404   400   400   404   404   404   404   404    in    in
GET  payroll:sheet                   in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
GET  payroll:sheet-export            in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
GET  payroll:sheet-submit            in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST payroll:sheet-submit            in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  payroll:sheet-remind            in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST payroll:sheet-remind            in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  payroll:sheet-recompute         in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST payroll:sheet-recompute         in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  payroll:sheet-discard           in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST payroll:sheet-discard           in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  payroll:sheet-approve           in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
POST payroll:sheet-approve           in    in    in   404   403   409   403   404   404   404   404   404   404    in    in
GET  payroll:sheet-instruct          in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
POST payroll:sheet-instruct          in    in    in   404   403   409   403   404   404   404   404   404   404    in    in
GET  payroll:line                    in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
POST payroll:line                    in    in    in   404    go   403    go   404   404   404   404   404   404    in    in
GET  payroll:sheet-upload            in    in    in   404   200   404   200   200   404   404   404   404   404    in    in
POST payroll:sheet-upload            in    in    in   404   400   404   400   400   404   404   404   404   404    in    in
GET  payroll:sheet-staged            in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
POST payroll:sheet-upload-apply      in    in    in   404   409   404   409   404   404   404   404   404   404    in    in
POST payroll:sheet-upload-discard    in    in    in   404    go   404    go   404   404   404   404   404   404    in    in
GET  payroll:sheet-upload-refused    in    in    in   404   200   404   200   404   404   404   404   404   404    in    in
GET  payroll:orders                  in    in    in   404   200   200   200   200   200   200   404   404   404    in    in
GET  payroll:order                   in    in    in   404   200   200   200   404   200   200   404   404   404    in    in
GET  payroll:order-resend            in    in    in   404   200   200   200   404   404   404   404   404   404    in    in
POST payroll:order-resend            in    in    in   404   403   409   403   404   404   404   404   404   404    in    in
GET  payroll:order-export            in    in    in   404   200   200   200   404   200   200   404   404   404    in    in
GET  payroll:accounts                in    in    in   404   200   200   404   200   200   200   404   404   404    in    in
GET  payroll:account                 in    in    in   404   200   200   404   404   200   200   404   404   404    in    in
GET  payroll:account-export          in    in    in   404   200   200   404   404   200   200   404   404   404    in    in
GET  payroll:worker-pay              in   200   200    in    in    in    in    in    in    in    in    in    in    in    in
GET  payroll:worker-slip             in   200   404    in    in    in    in    in    in    in    in    in    in    in    in
GET  payroll:worker-confirm          in   200   404    in    in    in    in    in    in    in    in    in    in    in    in
POST payroll:worker-confirm          in    go   404    in    in    in    in    in    in    in    in    in    in    in    in
GET  payroll:worker-object           in   200   404    in    in    in    in    in    in    in    in    in    in    in    in
POST payroll:worker-object           in    go   404    in    in    in    in    in    in    in    in    in    in    in    in
GET  payroll:worker-receipt          in    go   404    in    in    in    in    in    in    in    in    in    in    in    in
GET  payroll:worker-receipt-file     in    go   404    in    in    in    in    in    in    in    in    in    in    in    in

GET  inspection:today                in    in    in   404   404   404   404   404   404   404   200   200   200    in    in
GET  inspection:alarms               in    in    in   404   404   404   404   404   404   404   200   200   200    in    in
GET  inspection:alarms-export        in    in    in   404   404   404   404   404   404   404   200   200   200    in    in
GET  inspection:alarm                in    in    in   404   404   404   404   404   404   404   200   404   404    in    in
GET  inspection:rules                in    in    in   404   404   404   404   404   404   404   200   200   200    in    in
GET  inspection:projects             in    in    in   404   404   404   404   404   404   404   200   200   200    in    in
GET  inspection:projects-export      in    in    in   404   404   404   404   404   404   404   200   200   200    in    in
GET  inspection:project              in    in    in   404   404   404   404   404   404   404   200   404   404    in    in
GET  inspection:project-month        in    in    in   404   404   404   404   404   404   404   200   404   404    in    in
GET  inspection:people               in    in    in   404   404   404   404   404   404   404   200   200   200    in    in
GET  inspection:worker-month         in    in    in   404   404   404   404   404   404   404   200   404   404    in    in
POST inspection:worker-unmask        in    in    in   404   404   404   404   404   404   404   200   404   404    in    in
"""
